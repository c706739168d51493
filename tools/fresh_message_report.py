"""How messages of strangers are understood: by patterns, and by the classifier where no pattern knows them.

`tests/fixtures/fresh_messages.tsv` has one message a line: language, labels, message. Their writers had seen neither
the patterns nor the labels, and they were used for nothing but these figures: not to train, not for a threshold.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.conversation.message_classifier import Classification, classify_message
from core.conversation.paraphrases import is_known, paraphrase

FRESH_MESSAGES = Path(__file__).parents[1] / "tests" / "fixtures" / "fresh_messages.tsv"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshMessage:
    """A message with what it says, and what Eva makes of it."""

    text: str
    language: str
    labels: tuple[str, ...]
    is_known: bool
    """Whether a pattern knows it."""
    is_paraphrased: bool
    """Whether it is answered by a guess of the classifier."""
    guess: Classification | None

    @property
    def is_right(self) -> bool:
        """Whether the guess is one of the labels."""
        return self.guess is not None and self.guess.label in self.labels


def load_fresh_messages() -> list[FreshMessage]:
    """The messages of strangers, as Eva understands them now."""
    with FRESH_MESSAGES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        FreshMessage(
            text=row["message"],
            language=row["language"],
            labels=tuple(row["labels"].split("|")),
            is_known=is_known(row["message"]),
            is_paraphrased=paraphrase(row["message"]) != row["message"],
            guess=classify_message(row["message"]),
        )
        for row in rows
    ]


def guess_precision(messages: Sequence[FreshMessage]) -> float:
    """Share of right guesses among those that are answered, 0 to 1."""
    answered = [message for message in messages if message.is_paraphrased]
    return sum(message.is_right for message in answered) / max(1, len(answered))


def fresh_message_table() -> list[str]:
    """Lines of the table in `docs/intents.md`."""
    lines = [
        "| language | messages | known to a pattern | guessed | of these right | not understood |",
        "|" + "---|" * 6,
    ]
    messages = load_fresh_messages()
    for language, name in (("ko", "Korean"), ("en", "English")):
        part = [message for message in messages if message.language == language]
        known = sum(message.is_known for message in part)
        guessed = sum(message.is_paraphrased for message in part)
        shares = (known / len(part), guessed / len(part), guess_precision(part), 1 - (known + guessed) / len(part))
        lines.append(f"| {name} | {len(part)} | {' | '.join(f'{100 * share:.0f} %' for share in shares)} |")
    return lines
