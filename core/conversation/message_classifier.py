"""What a message that no pattern knows probably says: a linear model of its words and letters.

A message is the set of its words, pairs of words, parts of words and, in Korean, runs of syllables and jamo (Cavnar and
Trenkle 1994). The scores of the labels are the sum of the weights of these features over the root of their number, and
a softmax makes probabilities of them. The model is `message_model.npz`, written by
`python -m tools.train_message_classifier`. See ADR 0041.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from core.conversation.text_normalization import normalize_letters

MODEL_FILE = "message_model.npz"
MAX_LENGTH = 240
"""Characters of a message from which it says too much to have one label."""
MIN_KNOWN_SHARE = 0.45
"""Of the features of a message. With fewer, a part of an unknown word decides: "하이힐" begins with a greeting."""
WORD_PARTS = (3, 4, 5)
"""Letters of the parts of words."""
SYLLABLE_RUNS = (1, 2, 3, 4)
JAMO_RUNS = (3, 4, 5, 6)
_LETTERS_ALONE = re.compile("[ㄱ-ㅎㅏ-ㅣ ]*")
"""Letters that make no syllable; what they stand for is known to the patterns, or nothing."""
_KOREAN = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What a message probably says."""

    label: str
    """The value of an `Intent`, or a label of the training messages that is none, e.g. `occasion`."""
    probability: float
    """0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageModel:
    """A linear model with one byte a weight."""

    labels: tuple[str, ...]
    hashes: NDArray[np.uint32]
    """CRC-32 of each feature, ascending."""
    weights: NDArray[np.int8]
    """Features x labels."""
    scale: float
    """What a weight of 1 counts."""
    bias: NDArray[np.float32]
    """One for each label."""


def extract_features(message: str) -> frozenset[str]:
    """The features of a message, empty if it has neither letters nor symbols."""
    text = normalize_letters(message)
    features = {f"sign {mark}" for mark in "?!" if mark in message}
    features.update(f"sign {letter}" for letter in message if unicodedata.category(letter) == "So")
    words = text.split()
    features.update(f"word {word}" for word in words)
    bounded = ["^", *words, "$"] if words else []
    features.update(f"pair {first} {second}" for first, second in pairwise(bounded))
    if _KOREAN.search(text):
        compact = f"^{''.join(words)}$"
        features.update(_runs("syllables", compact, SYLLABLE_RUNS))
        features.update(_runs("jamo", unicodedata.normalize("NFD", compact), JAMO_RUNS))
    else:
        features.update(part for word in words for part in _runs("part", f"<{word}>", WORD_PARTS))
    return frozenset(features)


def classify_message(message: str) -> Classification | None:
    """The most probable label of a message; None if it is too long or has no word or sign that the model knows."""
    if len(message) > MAX_LENGTH or _LETTERS_ALONE.fullmatch(message):
        return None
    return classify(message, _load_model())


def classify(message: str, model: MessageModel) -> Classification | None:
    """The most probable label that a model gives a message; None if it knows too few of its features."""
    hashes = hash_features(extract_features(message))
    places = np.minimum(np.searchsorted(model.hashes, hashes), model.hashes.size - 1)
    known = places[model.hashes[places] == hashes]
    if known.size == 0 or known.size < MIN_KNOWN_SHARE * hashes.size:
        return None
    scores = model.weights[known].sum(axis=0, dtype=np.int32) * (model.scale / np.sqrt(known.size)) + model.bias
    shares = np.exp(scores - scores.max())
    best = int(shares.argmax())
    return Classification(label=model.labels[best], probability=float(shares[best] / shares.sum()))


def hash_features(features: Iterable[str]) -> NDArray[np.uint32]:
    """The CRC-32 of each feature."""
    return np.fromiter((crc32(feature.encode()) for feature in features), np.uint32)


def _runs(kind: str, text: str, lengths: Iterable[int]) -> Iterator[str]:
    for length in lengths:
        for start in range(len(text) - length + 1):
            yield f"{kind} {text[start : start + length]}"


@cache
def _load_model() -> MessageModel:
    with as_file(files("core.conversation") / MODEL_FILE) as path, np.load(path) as stored:
        return MessageModel(
            labels=tuple(map(str, stored["labels"])),
            hashes=stored["hashes"],
            weights=stored["weights"],
            scale=float(stored["scale"]),
            bias=stored["bias"],
        )
