"""What Eva says: a verdict becomes a few short bubbles, an error becomes a sentence, for any channel.

She knows numbers, not clothes. Everything she says about a photo follows from the verdict: the style and its
calibrated probability, the band, where the class activation map is warm. Lines about a style and tips are
about that style, never about what she would have to see on the person. Words are chosen by a hash of a seed,
for each slot on its own, so the same seed always gets the same words and two seeds seldom do.

    clear          opening, verdict, evidence, about, tip, closing
    leaning        opening, verdict, evidence, runner-up, about, tip, closing
    torn           opening, verdict (both), evidence, about, runner-up, tip (either way), closing
    not an outfit  opening, verdict (none), help, closing
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256

from core.errors import (
    CorruptPhotoError,
    DailyLimitError,
    DecompressionBombError,
    EmptyPhotoError,
    EvaError,
    ForbiddenUrlError,
    LoginError,
    LoginProviderUnavailableError,
    ModelError,
    NotAnImageError,
    PhotoAspectRatioError,
    PhotoError,
    PhotoTooLargeError,
    PhotoTooSmallError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
    TruncatedPhotoError,
)
from core.i18n.translations import Language, translate, variant_keys
from core.styles import Style
from core.vision.cam import EvidenceRegion, HorizontalPart, VerticalPart
from core.vision.verdict import ConfidenceBand, Verdict

VERY_SURE_THRESHOLD = 0.85
"""Within the band `clear`: the probability from which she says that she is very sure."""
FOCUSED_THRESHOLD = 0.8
"""Concentration from which the evidence is a small area: half of the heat lies in a tenth of the picture."""


ERROR_TEXT_KEYS: dict[type[EvaError], str] = {
    EmptyPhotoError: "error.empty_photo",
    NotAnImageError: "error.not_an_image",
    TruncatedPhotoError: "error.truncated_photo",
    CorruptPhotoError: "error.corrupt_photo",
    DecompressionBombError: "error.decompression_bomb",
    PhotoTooLargeError: "error.photo_too_large",
    PhotoTooSmallError: "error.photo_too_small",
    PhotoAspectRatioError: "error.photo_too_thin",
    PhotoError: "error.photo",
    ModelError: "error.model",
    ForbiddenUrlError: "error.address_refused",
    DailyLimitError: "talk.limit",
    RemotePhotoGoneError: "error.picture_gone",
    RemotePhotoUnavailableError: "error.picture_unreachable",
    LoginError: "error.login",
    LoginProviderUnavailableError: "error.login_unavailable",
    EvaError: "error.any",
}
"""The text for each kind of error; a kind that is missing here uses its parent's."""


class MessageSlot(StrEnum):
    """What a bubble is for."""

    OPENING = "opening"
    VERDICT = "verdict"
    EVIDENCE = "evidence"
    RUNNER_UP = "runner_up"
    ABOUT = "about"
    TIP = "tip"
    HELP = "help"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of Eva's."""

    text: str
    slot: MessageSlot


def verdict_messages(verdict: Verdict, *, seed: str, language: Language) -> tuple[Message, ...]:
    """What Eva says about a photo, in order.

    Args:
        verdict: what was found in the photo.
        photo: seed of the choice of words: a look's id, or for a photo that is not stored the hash of its bytes.
        language: the language she speaks.
    """
    first = _placeholders(verdict, verdict.style, language)
    second = _placeholders(verdict, verdict.runner_up, language)
    values = {**first, "second": second["style"], "second_percent": second["percent"]}
    if place := _region_key(verdict.region):
        values["place"] = translate(f"place.{place}", language)
    if verdict.band is ConfidenceBand.AMBIGUOUS:
        values["push"] = translate(pick_variant(f"push.{verdict.style}", seed, language), language)
        values["second_push"] = translate(pick_variant(f"push.{verdict.runner_up}", seed, language), language)
    bubbles = []
    for slot, key in _template_keys(verdict):
        facts = second if slot is MessageSlot.RUNNER_UP else values
        bubbles.append(Message(slot=slot, text=translate(pick_variant(key, seed, language), language, **facts)))
    return tuple(bubbles)


def style_comment(style: Style, *, seed: str, language: Language) -> str:
    """What Eva says about the style of a photo that shows an outfit; see `speak` for the arguments."""
    return translate(pick_variant(f"about.{style}", seed, language), language, style=style_name(style, language))


def error_message(error: EvaError, language: Language) -> str:
    """What Eva says instead of a verdict: its own sentence for each kind of bad photo, a general one else."""
    key = next(ERROR_TEXT_KEYS[kind] for kind in type(error).__mro__ if kind in ERROR_TEXT_KEYS)
    return translate(key, language, count=error.detail)


@cache
def style_name(style: Style, language: Language) -> str:
    """A style's name as people read it."""
    return translate(f"style.{style}.name", language)


def style_description(style: Style, language: Language) -> str:
    """One line about what belongs to a style."""
    return translate(f"style.{style}.line", language)


def percent(probability: float) -> int:
    """A probability, 0 to 1, as whole percent from 1 to 99: a model is never quite certain of anything."""
    return max(1, min(99, round(100 * probability)))


def pick_variant(key: str, seed: str, language: Language) -> str:
    """The key of the variant that a seed selects; each text draws independently.

    Raises:
        KeyError: the text has no variants.
    """
    keys = variant_keys(key, language)
    draw = int.from_bytes(sha256(f"{key} {seed}".encode()).digest()[:8])
    return keys[draw % len(keys)]


def _placeholders(verdict: Verdict, style: Style, language: Language) -> dict[str, object]:
    return {"style": style_name(style, language), "percent": percent(verdict.probabilities[style])}


def _template_keys(verdict: Verdict) -> tuple[tuple[MessageSlot, str], ...]:
    """An answer's slots in order, each with the key of its texts; a runner-up's are about that style."""
    first, second = verdict.style, verdict.runner_up
    match verdict.band:
        case ConfidenceBand.NOT_AN_OUTFIT:
            return (
                (MessageSlot.OPENING, "opening.nothing"),
                (MessageSlot.VERDICT, "verdict.nothing"),
                (MessageSlot.HELP, "help"),
                (MessageSlot.CLOSING, "closing.nothing"),
            )
        case ConfidenceBand.AMBIGUOUS:
            return (
                (MessageSlot.OPENING, "opening.torn"),
                (MessageSlot.VERDICT, "verdict.torn"),
                (MessageSlot.EVIDENCE, _evidence_key(verdict)),
                (MessageSlot.ABOUT, f"about.{first}"),
                (MessageSlot.RUNNER_UP, f"about.{second}"),
                (MessageSlot.TIP, "tip.torn"),
                (MessageSlot.CLOSING, "closing.torn"),
            )
        case ConfidenceBand.LIKELY:
            return (
                (MessageSlot.OPENING, "opening.outfit"),
                (MessageSlot.VERDICT, "verdict.leaning"),
                (MessageSlot.EVIDENCE, _evidence_key(verdict)),
                (MessageSlot.RUNNER_UP, "runner_up"),
                (MessageSlot.ABOUT, f"about.{first}"),
                (MessageSlot.TIP, f"tip.{first}"),
                (MessageSlot.CLOSING, "closing.leaning"),
            )
        case ConfidenceBand.CLEAR:
            return (
                (MessageSlot.OPENING, "opening.outfit"),
                (MessageSlot.VERDICT, "verdict.sure" if verdict.confidence >= VERY_SURE_THRESHOLD else "verdict.clear"),
                (MessageSlot.EVIDENCE, _evidence_key(verdict)),
                (MessageSlot.ABOUT, f"about.{first}"),
                (MessageSlot.TIP, f"tip.{first}"),
                (MessageSlot.CLOSING, "closing.clear"),
            )


def _evidence_key(verdict: Verdict) -> str:
    if not verdict.cam.any():
        return "evidence.cold"
    where = "here" if _region_key(verdict.region) else "everywhere"
    if verdict.band is ConfidenceBand.AMBIGUOUS:
        return f"evidence.torn.{where}"
    extent = "focused" if verdict.region.concentration >= FOCUSED_THRESHOLD else "wide"
    return f"evidence.{where}.{extent}"


def _region_key(region: EvidenceRegion) -> str:
    """Where the evidence lies, e.g. `upper`, `upper_left` or `left`; empty where no part stands out."""
    height = "" if region.vertical is VerticalPart.ALL_OVER else region.vertical.value
    side = "" if region.horizontal is HorizontalPart.BOTH else region.horizontal.value
    return "_".join(filter(None, (height, side)))
