"""Questions about an occasion: "is this fine for an interview?", "which of these for a wedding?".

An answer rests on the style, its probability and the occasion, and says what a photo cannot tell.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.conversation.albums import AlbumPhoto, AlbumSummary, has_outfit, summarize_album
from core.conversation.intents import Intent, find_intent
from core.conversation.narration import format_percent, style_name
from core.conversation.text_normalization import normalize_letters
from core.i18n.translations import Language, translate
from core.styles import Style
from core.vision.verdict import ConfidenceBand, Verdict

CLOSE_SUITABILITY = 0.05
"""Difference in suitability below which two looks suit an occasion equally well."""


class Occasion(StrEnum):
    """Where a look is to be worn; the value is part of the keys of its texts, `occasion.<value>`."""

    INTERVIEW = "interview"
    WEDDING = "wedding"
    """As a guest."""
    DATE = "date"
    OFFICE = "office"
    TRAVEL = "travel"


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
}
"""For each occasion the styles that fit, and those that depend on the place; the others stand out."""
OCCASION_WORDS = {
    Occasion.INTERVIEW: re.compile(r"면접(?!관)|\b(job )?interviews?\b"),
    Occasion.WEDDING: re.compile(r"하객|결혼\s?식|예식|돌\s?잔치|웨딩|\b(weddings?|bridal shower|wedding guest)\b"),
    Occasion.DATE: re.compile(
        r"소개팅|맞선|(?<!업)데이트(?!\s?(앱|어플))|첫\s?만남"
        r"|\b((first|blind|dinner|coffee|movie|lunch|second|third) dates?"
        r"|date (night|outfit|look|fit|tonight|tomorrow|dress)"
        r"|(for|on|to|have|got|going on) (a|my|our|the|another) (\w+ )?date"
        r"|my date|anniversary|valentine s)\b"
    ),
    Occasion.OFFICE: re.compile(
        r"출근(?!길)|첫\s?출근|(?<!여행)회사(에|에서|갈|용|룩|\s(갈|입|이렇게|룩))|오피스|사무실|직장에|회의\s?(때|룩|있)|출장"
        r"|\b(office|workwear|(for|to|at) work|work (outfit|look|fit|clothes|today|tomorrow)"
        r"|first day at work|my (new )?job)\b"
    ),
    Occasion.TRAVEL: re.compile(
        r"여행(?!사)|공항\s?(패션|룩|갈|에)|바캉스|휴가(룩|\s?(때|갈|가서|지))|해외\s?갈"
        r"|\b(trips?|travel(ing|ling)?|vacation|holiday (outfit|look|fit)|airport|flight|on the plane)\b"
    ),
}
"""Words of an occasion, in the order in which they decide."""
COMPARISON = re.compile(
    r"(뭐가|뭘|뭐|어떤\s?(게|거|걸|것|옷)|어느\s?(게|거|걸|것|쪽|옷)|둘\s?중|셋\s?중|이\s?중|몇\s?번)[^?]{0,12}"
    r"(나아|나을|낫|예뻐|예쁠|이뻐|좋아|좋을|어울|골라|고를|입을까|입지|입고|추천|괜찮)"
    r"|골라\s?(줘|주세|봐|주|달)|1번\s?2번|1번\s?(이랑|하고|아니면|vs)\s?2번"
    r"|\bwhich( (one|ones|outfit|look|dress|fit|top|shirt|jacket|option|photo|style|of (these|them|the)"
    r"|should|do you))\b"
    r"|\bwhich( \w+){0,2} (is|are|looks?|works?|fits?|suits?|would be)( \w+)? (better|best|nicer|more|good)\b"
    r"|\b(this or that|these or those|1 or 2|one or two|first or second|a or b|left or right)\b"
    r"|\b(pick|choose)( (me|for me|out|between))?( (one|for me|these|them|the best|between))"
    r"|\bhelp me (pick|choose|decide)\b"
    r"|\bwhich is better\b|\bbetter (one )?for\b"
)
"""A question which of several looks is better."""
CLOTHES = re.compile(
    r"괜찮|어때|어떨|어울|맞을|입(어|을|고|은|는|기)|될까|되나|돼요$|(?<!신)룩|코디|옷"
    r"|\b(fine|ok|okay|works?|wear(ing)?|suits?|suitable|outfit|looks?|fit|fits|appropriate|for (a|an|my|the))\b"
)
"""Words about wearing, in questions without a question mark."""
UNANSWERABLE = {Intent.SCORE: "talk.score", Intent.LOOKS: "talk.looks"}
"""Questions under a photo that Eva cannot answer, with what she says instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the text under a photo asks."""

    occasion: Occasion | None = None
    compares: bool = False
    """Whether it asks which of several looks is better."""
    is_about_clothes: bool = False
    """Whether it asks something, or speaks of wearing and fitting: "late for work" does not."""


def read_question(text: str) -> Question:
    """What a text asks about a look or about several.

    Args:
        text: a caption or a message, in any language.
    """
    normalized = normalize_letters(text)
    occasion = next((named for named, words in OCCASION_WORDS.items() if words.search(normalized)), None)
    return Question(
        occasion=occasion,
        compares=COMPARISON.search(normalized) is not None,
        is_about_clothes="?" in text or CLOTHES.search(normalized) is not None,
    )


def answer_for_occasion(verdict: Verdict, occasion: Occasion, language: Language) -> str:
    """Whether a look suits an occasion, how sure that is, and what cannot be told.

    Args:
        verdict: the verdict on a look that shows an outfit.
        occasion: where it is to be worn.
        language: language of the answer.
    """
    values = {"style": style_name(verdict.style, language), "percent": format_percent(verdict.confidence)}
    sentences = [translate(f"occasion.{occasion}.{fit_of(verdict.style, occasion)}", language, **values)]
    if verdict.band is not ConfidenceBand.CLEAR:
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
    question = read_question(caption)
    if question.occasion is not None:
        return answer_for_occasion(verdict, question.occasion, language)
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
    question = read_question(caption)
    occasion = question.occasion
    distinct = {photo.look_id: photo for photo in reversed(photos) if has_outfit(photo)}
    if not distinct or occasion is None:
        summary = summarize_album(photos, language, omitted_count=omitted_count)
        if summary.best is None or not question.compares:
            return summary
        return _with_answer(summary, translate("occasion.compare.taste", language))
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
