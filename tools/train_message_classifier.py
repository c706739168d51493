"""Train the classifier of messages that no pattern knows, and measure it on messages of other writers.

    python -m tools.train_message_classifier            # writes core/conversation/message_model.npz
    python -m tools.train_message_classifier --measure  # leaves out each writer in turn

`core/training/messages/{en,ko}.tsv` has one message a line: writer, labels, message. Of several labels that are right
the first is the best. A label is an `Intent`, or one of those of `core.conversation.paraphrases`.
"""

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from core.conversation.message_classifier import MODEL_FILE, MessageModel, classify, extract_features, hash_features

MESSAGES = Path(__file__).parents[1] / "core" / "training" / "messages"
MODEL = Path(__file__).parents[1] / "core" / "conversation" / MODEL_FILE
MIN_COUNT = 3
"""Messages that have a feature for it to count."""
INVERSE_REGULARIZATION = 10.0
BEST_LABEL_SHARE = 0.7
"""What the best of several labels weighs; the others share the rest."""
MEASURED_THRESHOLDS = (0.3, 0.4, 0.5, 0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabeledMessage:
    """A message with what it says."""

    text: str
    labels: tuple[str, ...]
    writer: str
    """Of the messages, e.g. `en-a`."""


def load_messages() -> list[LabeledMessage]:
    """All labeled messages."""
    messages = []
    for path in sorted(MESSAGES.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                writer = f"{path.stem}-{row['writer']}"
                messages.append(
                    LabeledMessage(text=row["message"], labels=tuple(row["labels"].split("|")), writer=writer)
                )
    return messages


def train(messages: Sequence[LabeledMessage]) -> MessageModel:
    """Fit a multinomial logistic regression, and round its weights to one byte."""
    features = [hash_features(extract_features(message.text)) for message in messages]
    counts = Counter(int(key) for keys in features for key in keys)
    hashes = np.array(sorted(key for key, count in counts.items() if count >= MIN_COUNT), np.uint32)
    names = sorted({label for message in messages for label in message.labels})
    rows: list[np.ndarray] = []
    targets: list[int] = []
    shares: list[float] = []
    for message, keys in zip(messages, features, strict=True):
        columns = np.searchsorted(hashes, np.intersect1d(keys, hashes))
        for place, label in enumerate(message.labels):
            rows.append(columns)
            targets.append(names.index(label))
            rest = (1 - BEST_LABEL_SHARE) / max(1, len(message.labels) - 1)
            shares.append(1.0 if len(message.labels) == 1 else BEST_LABEL_SHARE if place == 0 else rest)
    sizes = np.array([row.size for row in rows])
    values = np.repeat(1 / np.sqrt(np.maximum(1, sizes)), sizes)
    matrix = csr_matrix(
        (values, np.concatenate(rows), np.concatenate([[0], np.cumsum(sizes)])), shape=(len(rows), hashes.size)
    )
    fitted = LogisticRegression(C=INVERSE_REGULARIZATION, max_iter=100, tol=1e-3)
    fitted.fit(matrix, targets, sample_weight=shares)
    weights = fitted.coef_.T - fitted.coef_.T.mean(axis=1, keepdims=True)
    scale = float(np.abs(weights).max()) / 127
    rounded = np.round(weights / scale).astype(np.int8)
    is_used = rounded.any(axis=1)
    return MessageModel(
        labels=tuple(names),
        hashes=hashes[is_used],
        weights=rounded[is_used],
        scale=scale,
        bias=fitted.intercept_.astype(np.float32),
    )


def measure(messages: Sequence[LabeledMessage]) -> None:
    """Print how messages of each writer are understood by a model that has seen none of theirs."""
    for writer in sorted({message.writer for message in messages}):
        model = train([message for message in messages if message.writer != writer])
        tested = [message for message in messages if message.writer == writer]
        found = [(classify(message.text, model), message.labels) for message in tested]
        right = sum(guess is not None and guess.label in labels for guess, labels in found)
        line = f"{writer}: {len(tested)} messages, {right / len(tested):.0%} right"
        for threshold in MEASURED_THRESHOLDS:
            sure = [(guess, labels) for guess, labels in found if guess and guess.probability >= threshold]
            precision = sum(guess.label in labels for guess, labels in sure) / max(1, len(sure))
            line += f"; from {threshold:.0%}: {len(sure) / len(tested):.0%}, {precision:.0%} right"
        print(line, flush=True)


def main() -> None:
    """Train, or measure."""
    messages = load_messages()
    if "--measure" in sys.argv:
        measure(messages)
        return
    model = train(messages)
    np.savez_compressed(
        MODEL,
        labels=np.array(model.labels),
        hashes=model.hashes,
        weights=model.weights,
        scale=np.float64(model.scale),
        bias=model.bias,
    )
    print(f"{len(messages)} messages, {model.hashes.size} features, {MODEL.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
