"""Precision and recall on labeled utterances; `docs/intents.md` has the figures in full."""

from collections.abc import Sequence

import pytest

from tools.intent_report import (
    CAPTION,
    UNKNOWN,
    Outcome,
    answered_wrongly,
    evaluate,
    load_utterances,
    total_precision_and_recall,
)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return evaluate(load_utterances())


def part(outcomes: Sequence[Outcome], language: str, *, is_held_out: bool) -> list[Outcome]:
    return [
        outcome
        for outcome in outcomes
        if outcome.utterance.language == language
        and outcome.utterance.is_held_out is is_held_out
        and outcome.utterance.state != CAPTION
    ]


def test_corpus_is_large_and_has_traps_in_both_languages(outcomes: Sequence[Outcome]) -> None:
    for language in ("ko", "en"):
        chosen = [outcome.utterance for outcome in outcomes if outcome.utterance.language == language]
        assert len(chosen) >= 300
        assert sum(utterance.labels[0] == UNKNOWN for utterance in chosen) >= 60


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("is_held_out", [False, True])
def test_messages_are_understood(outcomes: Sequence[Outcome], language: str, is_held_out: bool) -> None:
    chosen = part(outcomes, language, is_held_out=is_held_out)
    precision, recall = total_precision_and_recall(chosen)
    floor = 0.92 if is_held_out else 0.95

    assert precision >= floor, [(o.utterance.text, o.found) for o in chosen if not o.is_right]
    assert recall >= floor, [(o.utterance.text, o.found) for o in chosen if not o.is_right]
    assert answered_wrongly(chosen) <= 0.05
