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

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from bot.texts import text, variants
from core.errors import (
    AddressRefused,
    CorruptPhoto,
    DailyLimit,
    DecompressionBomb,
    EmptyPhoto,
    EvaError,
    LoginError,
    LoginUnavailable,
    ModelError,
    NotAnImage,
    PhotoError,
    PhotoTooLarge,
    PhotoTooSmall,
    PhotoTooThin,
    PictureGone,
    PictureUnreachable,
    TruncatedPhoto,
)
from core.vision.region import Height, Side
from core.vision.verdict import Band

if TYPE_CHECKING:
    from bot.texts import Language
    from core.styles import Style
    from core.vision.region import Region
    from core.vision.verdict import Verdict

__all__ = ["Bubble", "Slot", "about", "apologise", "choose", "describe", "percent", "speak", "style_name"]

SURE_FROM = 0.85
"""Within the band `clear`: the probability from which she says that she is very sure."""
FOCUSED_FROM = 0.8
"""Concentration from which the evidence is a small area: half of the heat lies in a tenth of the picture."""


APOLOGIES: dict[type[EvaError], str] = {
    EmptyPhoto: "error.empty_photo",
    NotAnImage: "error.not_an_image",
    TruncatedPhoto: "error.truncated_photo",
    CorruptPhoto: "error.corrupt_photo",
    DecompressionBomb: "error.decompression_bomb",
    PhotoTooLarge: "error.photo_too_large",
    PhotoTooSmall: "error.photo_too_small",
    PhotoTooThin: "error.photo_too_thin",
    PhotoError: "error.photo",
    ModelError: "error.model",
    AddressRefused: "error.address_refused",
    DailyLimit: "talk.limit",
    PictureGone: "error.picture_gone",
    PictureUnreachable: "error.picture_unreachable",
    LoginError: "error.login",
    LoginUnavailable: "error.login_unavailable",
    EvaError: "error.any",
}
"""The text for each kind of error; a kind that is missing here uses its parent's."""


class Slot(StrEnum):
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
class Bubble:
    """One message of Eva's."""

    text: str
    slot: Slot


def speak(verdict: Verdict, *, photo: str, language: Language) -> tuple[Bubble, ...]:
    """What Eva says about a photo, in order.

    Args:
        verdict: what was found in the photo.
        photo: seed of the choice of words: a look's id, or for a photo that is not stored the hash of its bytes.
        language: the language she speaks.
    """
    first = _facts(verdict, verdict.style, language)
    second = _facts(verdict, verdict.runner_up, language)
    values = {**first, "second": second["style"], "second_percent": second["percent"]}
    if place := _place(verdict.region):
        values["place"] = text(f"place.{place}", language)
    if verdict.band is Band.TORN:
        values["push"] = text(choose(f"push.{verdict.style}", photo, language), language)
        values["second_push"] = text(choose(f"push.{verdict.runner_up}", photo, language), language)
    bubbles = []
    for slot, key in _script(verdict):
        facts = second if slot is Slot.RUNNER_UP else values
        bubbles.append(Bubble(slot=slot, text=text(choose(key, photo, language), language, **facts)))
    return tuple(bubbles)


def about(style: Style, *, photo: str, language: Language) -> str:
    """What Eva says about the style of a photo that shows an outfit; see `speak` for the arguments."""
    return text(choose(f"about.{style}", photo, language), language, style=style_name(style, language))


def apologise(error: EvaError, language: Language) -> str:
    """What Eva says instead of a verdict: its own sentence for each kind of bad photo, a general one else."""
    key = next(APOLOGIES[kind] for kind in type(error).__mro__ if kind in APOLOGIES)
    return text(key, language, count=error.detail)


@cache
def style_name(style: Style, language: Language) -> str:
    """A style's name as people read it."""
    return text(f"style.{style}.name", language)


def describe(style: Style, language: Language) -> str:
    """One line about what belongs to a style."""
    return text(f"style.{style}.line", language)


def percent(probability: float) -> int:
    """A probability, 0 to 1, as whole percent from 1 to 99: a model is never quite certain of anything."""
    return max(1, min(99, round(100 * probability)))


def choose(key: str, photo: str, language: Language) -> str:
    """The key of the variant that a seed selects; each text draws independently.

    Raises:
        KeyError: the text has no variants.
    """
    keys = variants(key, language)
    draw = int.from_bytes(sha256(f"{key} {photo}".encode()).digest()[:8])
    return keys[draw % len(keys)]


def _facts(verdict: Verdict, style: Style, language: Language) -> dict[str, object]:
    return {"style": style_name(style, language), "percent": percent(verdict.probabilities[style])}


def _script(verdict: Verdict) -> tuple[tuple[Slot, str], ...]:
    """An answer's slots in order, each with the key of its texts; a runner-up's are about that style."""
    first, second = verdict.style, verdict.runner_up
    match verdict.band:
        case Band.NOT_AN_OUTFIT:
            return (
                (Slot.OPENING, "opening.nothing"),
                (Slot.VERDICT, "verdict.nothing"),
                (Slot.HELP, "help"),
                (Slot.CLOSING, "closing.nothing"),
            )
        case Band.TORN:
            return (
                (Slot.OPENING, "opening.torn"),
                (Slot.VERDICT, "verdict.torn"),
                (Slot.EVIDENCE, _evidence(verdict)),
                (Slot.ABOUT, f"about.{first}"),
                (Slot.RUNNER_UP, f"about.{second}"),
                (Slot.TIP, "tip.torn"),
                (Slot.CLOSING, "closing.torn"),
            )
        case Band.LEANING:
            return (
                (Slot.OPENING, "opening.outfit"),
                (Slot.VERDICT, "verdict.leaning"),
                (Slot.EVIDENCE, _evidence(verdict)),
                (Slot.RUNNER_UP, "runner_up"),
                (Slot.ABOUT, f"about.{first}"),
                (Slot.TIP, f"tip.{first}"),
                (Slot.CLOSING, "closing.leaning"),
            )
        case Band.CLEAR:
            return (
                (Slot.OPENING, "opening.outfit"),
                (Slot.VERDICT, "verdict.sure" if verdict.confidence >= SURE_FROM else "verdict.clear"),
                (Slot.EVIDENCE, _evidence(verdict)),
                (Slot.ABOUT, f"about.{first}"),
                (Slot.TIP, f"tip.{first}"),
                (Slot.CLOSING, "closing.clear"),
            )


def _evidence(verdict: Verdict) -> str:
    if not verdict.cam.any():
        return "evidence.cold"
    where = "here" if _place(verdict.region) else "everywhere"
    if verdict.band is Band.TORN:
        return f"evidence.torn.{where}"
    extent = "focused" if verdict.region.concentration >= FOCUSED_FROM else "wide"
    return f"evidence.{where}.{extent}"


def _place(region: Region) -> str:
    """Where the evidence lies, e.g. `upper`, `upper_left` or `left`; empty where no part stands out."""
    height = "" if region.height is Height.ALL_OVER else region.height.value
    side = "" if region.side is Side.BOTH else region.side.value
    return "_".join(filter(None, (height, side)))
