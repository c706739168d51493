"""Summaries of albums: every photo keeps its number, and every failure its reason."""

import re
from uuid import UUID

import pytest

from core.clothing import Item
from core.conversation.album_summary import AlbumPhoto, summarize_album
from core.conversation.smalltalk import UnsupportedMedia
from core.errors import DailyLimitError, EvaError, LookNotFoundError, NotAnImageError, TruncatedPhotoError
from core.i18n.translations import Language, translate
from core.styles import Style
from core.vision.verdict import ConfidenceBand, Verdict
from tests.factories import classify_with_attributes, make_verdict

LANGUAGES = list(Language)
NO_OUTFIT = make_verdict(ConfidenceBand.NOT_AN_OUTFIT, first=0.9, runner_up=0.05)
STREET = make_verdict(ConfidenceBand.AMBIGUOUS, first=0.4, runner_up=0.38)
RETRO = make_verdict(ConfidenceBand.CLEAR, Style.RETRO, first=0.8, runner_up=0.1)


def album(*contents: tuple[Verdict, int] | EvaError | UnsupportedMedia) -> list[AlbumPhoto]:
    """An album of verdicts, each with the number of its look, and failures."""
    return [
        AlbumPhoto(number=number, verdict=content[0], look_id=UUID(int=content[1]))
        if isinstance(content, tuple)
        else AlbumPhoto(number=number, failure=content)
        for number, content in enumerate(contents, start=1)
    ]


def summary_lines(*contents: tuple[Verdict, int] | EvaError | UnsupportedMedia, omitted_count: int = 0) -> list[str]:
    return summarize_album(album(*contents), Language.EN, omitted_count=omitted_count).text.splitlines()


def test_all_photos_are_listed_and_the_most_confident_is_named() -> None:
    photos = album((NO_OUTFIT, 1), (STREET, 2), (RETRO, 3))
    summary = summarize_album(photos, Language.EN)

    assert summary.best is photos[2]
    assert summary.text.splitlines() == [
        "I looked at all 3. Photo 3 reads the clearest, so here's that one.",
        "Photo 1: no outfit that I can see",
        "Photo 2: Street, 40%",
        "Photo 3: 80s Retro, 80%",
    ]


def test_failed_photos_keep_their_numbers_and_tell_why() -> None:
    lines = summary_lines(
        TruncatedPhotoError(), (STREET, 1), UnsupportedMedia.VIDEO, (RETRO, 2), TruncatedPhotoError("x")
    )

    assert lines == [
        "I could look at 2 of 5. Photo 4 reads the clearest, so here's that one.",
        "Photo 2: Street, 40%",
        "Photo 4: 80s Retro, 80%",
        f"Photo 1, Photo 5: {translate('error.truncated_photo', Language.EN)}",
        f"Photo 3: {translate('talk.kind.video', Language.EN)}",
    ]


def test_the_only_photo_that_could_be_judged_is_named_by_its_number() -> None:
    assert summary_lines(NotAnImageError(), (RETRO, 1))[0] == "Of the 2, I could only look at photo 2."
    assert len(summary_lines(NotAnImageError(), (RETRO, 1))) == 2, "its verdict follows in full"


def test_same_picture_is_told() -> None:
    assert summary_lines((RETRO, 1), (RETRO, 1)) == ["That's the same photo 2 times, so here's one answer."]
    assert summary_lines((STREET, 1), (RETRO, 2), (STREET, 1))[1:] == [
        "Photo 1: Street, 40%",
        "Photo 2: 80s Retro, 80%",
        "Photo 3: the same picture as photo 1",
    ]
    assert summary_lines((RETRO, 1), (RETRO, 1), NotAnImageError())[1:3] == [
        "Photo 1: 80s Retro, 80%",
        "Photo 2: the same picture as photo 1",
    ]


def test_photos_over_the_limit_are_told() -> None:
    lines = summary_lines((STREET, 1), (RETRO, 2), omitted_count=3)

    assert lines[-1] == "I look at 10 photos at a time, and 3 didn't fit. Please send the rest again."


@pytest.mark.parametrize("language", LANGUAGES)
def test_albums_without_any_outfit_or_photo(language: Language) -> None:
    nothing = summarize_album(album((NO_OUTFIT, 1), (NO_OUTFIT, 2)), language)
    part = summarize_album(album((NO_OUTFIT, 1), DailyLimitError("5")), language)
    none = summarize_album(album(*[NotAnImageError()] * 3), language)

    assert (nothing.best, nothing.text) == (None, translate("talk.album.nothing", language, count=2))
    assert part.text.splitlines()[0] == translate("talk.album.part.nothing", language, total=2, count=1)
    assert translate("talk.limit", language, count=5) in part.text
    assert none.text.splitlines()[0] == translate("talk.album.none", language, total=3)
    assert len(none.text.splitlines()) == 2


def test_two_outfits_are_compared_by_what_is_worn() -> None:
    blazer = classify_with_attributes(Style.BUSINESS_CASUAL, {Item.BLAZER: 0.9, Item.SNEAKERS: 0.6}, confidence=0.9)
    shirt = classify_with_attributes(Style.CASUAL, {Item.TSHIRT: 0.9, Item.SNEAKERS: 0.9}, confidence=0.7)

    both, decides = summary_lines((blazer, 1), (shirt, 2))[-2:]
    assert "sneakers" in both.lower()
    assert "blazer" in decides.lower()
    assert "1" in decides


@pytest.mark.parametrize("other", [LookNotFoundError(), (NO_OUTFIT, 3)])
def test_two_outfits_of_a_larger_album_are_named_by_their_numbers(other: EvaError | tuple[Verdict, int]) -> None:
    blazer = classify_with_attributes(Style.BUSINESS_CASUAL, {Item.BLAZER: 0.9, Item.SNEAKERS: 0.6}, confidence=0.9)
    shirt = classify_with_attributes(Style.CASUAL, {Item.TSHIRT: 0.9, Item.SNEAKERS: 0.9}, confidence=0.7)

    (shared,) = [line for line in summary_lines((blazer, 1), other, (shirt, 2)) if "sneakers" in line.lower()]
    assert {"1", "3"} == set(re.findall(r"\d", shared))


def test_of_three_outfits_the_first_is_compared_with_the_surest_other() -> None:
    blazer = classify_with_attributes(Style.BUSINESS_CASUAL, {Item.BLAZER: 0.9, Item.SNEAKERS: 0.6}, confidence=0.9)
    shirt = classify_with_attributes(Style.CASUAL, {Item.TSHIRT: 0.9, Item.SNEAKERS: 0.9}, confidence=0.7)
    hat = classify_with_attributes(Style.CASUAL, {Item.HAT: 0.9}, confidence=0.6)

    shared, decides = summary_lines((blazer, 1), (hat, 2), (shirt, 3))[-2:]
    assert "sneakers" in shared.lower()
    assert {"1", "3"} == set(re.findall(r"\d", shared))
    assert "blazer" in decides.lower()
