"""Questions about an occasion: "is this fine for an interview?", "which of these for a wedding?".

An answer rests on the style, its probability and the occasion, and says what a photo cannot tell.
"""

from collections.abc import Sequence
from enum import StrEnum

from core.conversation.album_summary import AlbumPhoto, AlbumSummary, has_outfit, summarize_album
from core.conversation.intents import Intent, find_intent
from core.conversation.narration import format_percent, style_name
from core.conversation.occasions import Occasion, read_occasion_question
from core.i18n.translations import Language, translate
from core.styles import STYLES, Style
from core.vision.verdict import ConfidenceBand, Verdict

CLOSE_SUITABILITY = 0.05
"""Difference in suitability below which two looks suit an occasion equally well."""


class Fit(StrEnum):
    """How a style goes with an occasion; the value is part of the key of the answer."""

    FITS = "fits"
    DEPENDS = "depends"
    STANDS_OUT = "stands_out"


SUITABILITY = {Fit.FITS: 1.0, Fit.DEPENDS: 0.6, Fit.STANDS_OUT: 0.2}
"""How suitable a look of a style is, 0 to 1."""
FITS: dict[Occasion, tuple[set[Style], set[Style]]] = {
    Occasion.INTERVIEW: ({Style.BUSINESS_CASUAL}, {Style.MODE, Style.FEMININE}),
    Occasion.WEDDING: (
        {Style.BUSINESS_CASUAL, Style.FEMININE, Style.MODE},
        {Style.GIRLISH, Style.RETRO, Style.ETHNIC},
    ),
    Occasion.DATE: (
        {Style.FEMININE, Style.GIRLISH, Style.CASUAL, Style.MODE, Style.BUSINESS_CASUAL},
        {Style.RETRO, Style.STREET, Style.ETHNIC},
    ),
    Occasion.OFFICE: (
        {Style.BUSINESS_CASUAL, Style.MODE},
        {Style.CASUAL, Style.FEMININE, Style.GIRLISH, Style.RETRO},
    ),
    Occasion.TRAVEL: (
        {Style.CASUAL, Style.STREET, Style.RETRO, Style.ETHNIC},
        {Style.FEMININE, Style.GIRLISH, Style.MODE, Style.BUSINESS_CASUAL},
    ),
    Occasion.OTHER: (set(), set(STYLES)),
}
"""For each occasion the styles that fit, and those that depend on the place; the others stand out."""
UNANSWERABLE = {Intent.SCORE: "talk.score", Intent.LOOKS: "talk.looks"}
"""Questions under a photo that Eva cannot answer, with what she says instead."""


def answer_for_occasion(
    verdict: Verdict, occasion: Occasion, language: Language, *, told_style: Style | None = None
) -> str:
    """Whether a look suits an occasion, how sure that is, and what cannot be told.

    Args:
        verdict: the verdict on a look that shows an outfit.
        occasion: where it is to be worn.
        language: language of the answer.
        told_style: what the owner says it is instead.
    """
    style = told_style or verdict.style
    values = {"style": style_name(style, language), "percent": format_percent(verdict.confidence)}
    if occasion is Occasion.OTHER:
        return translate("occasion.other", language, **values)
    sentences = [translate(f"occasion.{occasion}.{fit_of(style, occasion)}", language, **values)]
    if verdict.band is not ConfidenceBand.CLEAR and told_style is None:
        sentences.append(translate("occasion.unsure", language, **values))
    return " ".join([*sentences, translate(f"occasion.{occasion}.limit", language)])


def answer_caption(caption: str, verdict: Verdict, language: Language) -> str | None:
    """The answer to the question under a photo; None if it asks nothing that has one.

    Args:
        caption: the text under the photo.
        verdict: the verdict on the photo.
        language: language of the answer.
    """
    if not caption or verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
        return None
    occasion = read_occasion_question(caption).asked_occasion
    if occasion is not None:
        return answer_for_occasion(verdict, occasion, language)
    intent = find_intent(caption)
    key = None if intent is None else UNANSWERABLE.get(intent)
    return None if key is None else translate(key, language)


def summarize_for_caption(
    caption: str, photos: Sequence[AlbumPhoto], language: Language, *, omitted_count: int = 0
) -> AlbumSummary:
    """The summary of an album, with the photo and the answer for the question under it.

    Args:
        caption: the text under the album.
        photos: its photos, at least two.
        language: language of the summary.
        omitted_count: see `summarize_album`.
    """
    question = read_occasion_question(caption)
    occasion = question.occasion if question.is_about_clothes or question.compares else None
    distinct = {photo.look_id: photo for photo in reversed(photos) if has_outfit(photo)}
    if not distinct or occasion is None:
        summary = summarize_album(photos, language, omitted_count=omitted_count)
        if summary.best is None or not question.compares:
            return summary
        return _with_answer(summary, translate("occasion.compare.taste", language))
    if occasion is Occasion.OTHER:
        summary = summarize_album(photos, language, omitted_count=omitted_count)
        best = None if summary.best is None else summary.best.verdict
        return summary if best is None else _with_answer(summary, answer_for_occasion(best, occasion, language))
    ranked = sorted(distinct.values(), key=lambda photo: (-_suitability(photo, occasion), photo.number))
    summary = summarize_album(photos, language, omitted_count=omitted_count, chosen=ranked[0])
    return _with_answer(summary, _comparison(ranked, occasion, language))


def fit_of(style: Style, occasion: Occasion) -> Fit:
    """How a style goes with an occasion."""
    fitting, depending = FITS[occasion]
    if style in fitting:
        return Fit.FITS
    return Fit.DEPENDS if style in depending else Fit.STANDS_OUT


def _comparison(ranked: Sequence[AlbumPhoto], occasion: Occasion, language: Language) -> str:
    best, verdict = ranked[0], ranked[0].verdict
    name = translate(f"occasion.{occasion}.name", language)
    limit = translate(f"occasion.{occasion}.limit", language)
    if verdict is None:
        return ""
    if len(ranked) == 1 or fit_of(verdict.style, occasion) is Fit.STANDS_OUT:
        return answer_for_occasion(verdict, occasion, language)
    if _suitability(best, occasion) - _suitability(ranked[1], occasion) < CLOSE_SUITABILITY:
        numbers = {"number": best.number, "second": ranked[1].number}
        return f"{translate('occasion.compare.close', language, occasion=name, **numbers)} {limit}"
    values = {"style": style_name(verdict.style, language), "percent": format_percent(verdict.confidence)}
    choice = translate("occasion.compare", language, occasion=name, number=best.number, **values)
    return f"{choice} {limit}"


def _with_answer(summary: AlbumSummary, answer: str) -> AlbumSummary:
    return AlbumSummary(best=summary.best, text=f"{summary.text}\n{answer}")


def _suitability(photo: AlbumPhoto, occasion: Occasion) -> float:
    """The expected suitability over the probabilities of all styles, 0 to 1."""
    if photo.verdict is None:
        return 0.0
    probabilities = photo.verdict.probabilities
    return sum(share * SUITABILITY[fit_of(style, occasion)] for style, share in probabilities.items())
