"""How well Eva understands messages and captions: precision and recall on labeled utterances.

`tests/fixtures/utterances.tsv` has one utterance a line: text, language, state, label, round. The states are `idle`,
`verdict` (after a verdict), `name` (a display name was asked for) and `caption` (the text stands under a photo). A
label is an `Intent`, `style:<style>`, `occasion:<occasion>`, `compare`, both of these joined by `+`, or `unknown`; `|`
separates labels that are equally right. Each round was written before the patterns had seen any of it. Half of the
first round, chosen by a checksum of the text, is held out: the patterns are never changed because of one of these.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from core.conversation.intents import find_intent
from core.conversation.occasions import read_occasion_question
from core.conversation.style_names import find_asked_styles, parse_style_answer

CORPUS = Path(__file__).parents[1] / "tests" / "fixtures" / "utterances.tsv"
UNKNOWN = "unknown"
CAPTION = "caption"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A labeled utterance."""

    text: str
    language: str
    state: str
    labels: tuple[str, ...]
    """The right labels; the first one counts when none was found."""

    round: int
    """When it was written: 1 to 9."""

    @property
    def is_held_out(self) -> bool:
        """Whether the utterance only measures, and never leads to a change."""
        return self.round == 1 and crc32(self.text.encode()) % 2 == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An utterance with the label that Eva gave it."""

    utterance: Utterance
    found: str

    @property
    def is_right(self) -> bool:
        """Whether Eva gave one of the right labels."""
        return self.found in self.utterance.labels

    @property
    def expected(self) -> str:
        """The label that counts as right in precision and recall."""
        return self.found if self.is_right else self.utterance.labels[0]


def load_utterances() -> list[Utterance]:
    """The labeled utterances."""
    with CORPUS.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            Utterance(
                text=row["text"],
                language=row["language"],
                state=row["state"],
                labels=tuple(row["intent"].split("|")),
                round=int(row["round"]),
            )
            for row in rows
        ]


def understand(utterance: Utterance) -> str:
    """The label that Eva gives an utterance in its state."""
    if utterance.state == CAPTION:
        question = read_occasion_question(utterance.text)
        is_asked = question.is_about_clothes or question.compares
        labels = [f"occasion:{question.occasion}"] if question.occasion is not None and is_asked else []
        return "+".join([*labels, *(["compare"] if question.compares else [])]) or UNKNOWN
    style = parse_style_answer(utterance.text) or next(iter(find_asked_styles(utterance.text)), None)
    if utterance.state == "verdict" and style is not None:
        return f"style:{style}"
    return find_intent(utterance.text) or UNKNOWN


def evaluate(utterances: Iterable[Utterance]) -> list[Outcome]:
    """Label utterances as Eva does."""
    return [Outcome(utterance=utterance, found=understand(utterance)) for utterance in utterances]


def accuracy(outcomes: Sequence[Outcome]) -> float:
    """Share of right labels, 0 to 1."""
    return sum(outcome.is_right for outcome in outcomes) / max(1, len(outcomes))


def answered_wrongly(outcomes: Sequence[Outcome]) -> float:
    """Share of the utterances without an intent that got one, 0 to 1."""
    unknown = [outcome for outcome in outcomes if outcome.utterance.labels[0] == UNKNOWN]
    return sum(not outcome.is_right for outcome in unknown) / max(1, len(unknown))


def precision_and_recall(outcomes: Sequence[Outcome]) -> dict[str, tuple[float | None, float | None, int]]:
    """Precision, recall and number of utterances for each label; None where there is nothing to divide by."""
    expected, found = Counter(o.expected for o in outcomes), Counter(o.found for o in outcomes)
    right = Counter(o.found for o in outcomes if o.is_right)
    return {
        label: (
            right[label] / found[label] if found[label] else None,
            right[label] / expected[label] if expected[label] else None,
            expected[label],
        )
        for label in sorted({*expected, *found})
    }


def intent_tables() -> dict[str, list[str]]:
    """Lines of each generated part of `docs/intents.md`, by its marker."""
    outcomes = evaluate(load_utterances())
    messages = [outcome for outcome in outcomes if outcome.utterance.state != CAPTION]
    captions = [outcome for outcome in outcomes if outcome.utterance.state == CAPTION]
    unknown = sum(outcome.utterance.labels[0] == UNKNOWN for outcome in outcomes)
    return {
        "utterances": [f'{len(outcomes)} in Korean and English, {unknown} of them without an intent ("unknown").'],
        "summary": [
            "| utterances | number | precision | recall | answered wrongly |",
            "|---|---|---|---|---|",
            *_summary_rows("messages", messages),
            *_summary_rows("captions", captions),
        ],
        "messages": [*_label_head("intent"), *_label_rows(messages)],
        "captions": [*_label_head("label"), *_label_rows(captions)],
    }


def total_precision_and_recall(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """Precision and recall over all labels but `unknown`."""
    right = sum(outcome.is_right for outcome in outcomes if outcome.found != UNKNOWN)
    found = sum(outcome.found != UNKNOWN for outcome in outcomes)
    expected = sum(outcome.expected != UNKNOWN for outcome in outcomes)
    return right / max(1, found), right / max(1, expected)


def _summary_rows(name: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    for is_held_out, half in ((False, "for changes"), (True, "held out")):
        chosen = [outcome for outcome in outcomes if outcome.utterance.is_held_out is is_held_out]
        for language, language_name in (("ko", "Korean"), ("en", "English")):
            part = [outcome for outcome in chosen if outcome.utterance.language == language]
            precision, recall = total_precision_and_recall(part)
            yield (
                f"| {name}, {half}, {language_name} | {len(part)} | {precision:.0%} | {recall:.0%}"
                f" | {answered_wrongly(part):.0%} |"
            ).replace("%", " %")


def _label_head(name: str) -> list[str]:
    cells = "changed patterns: precision | recall | utterances | held out: precision | recall | utterances"
    return [f"| {name} | {cells} |", "|---|---|---|---|---|---|---|"]


def _label_rows(outcomes: Sequence[Outcome]) -> Iterator[str]:
    tuned, held_out = (
        precision_and_recall([outcome for outcome in outcomes if outcome.utterance.is_held_out is half])
        for half in (False, True)
    )
    for label in sorted({*tuned, *held_out}):
        cells = [_cell(value) for half in (tuned, held_out) for value in half.get(label, (None, None, 0))]
        yield f"| {label} | {' | '.join(cells)} |"


def _cell(value: float | int | None) -> str:
    if value is None:
        return ""
    return f"{value:.0%}".replace("%", " %") if isinstance(value, float) else str(value)
