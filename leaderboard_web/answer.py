"""Eva's answer to one photo, ready for a page: her words, the numbers as people read them, the heat."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.texts import text
from bot.voice import Bubble, percent, speak, style_name
from core.photos import read_photo
from core.styles import Style
from core.vision.overlay import heat_jpeg
from core.vision.region import Region
from core.vision.verdict import Band

if TYPE_CHECKING:
    from bot.texts import Language
    from core.photos import Picture
    from core.vision.classifier import StyleClassifier
    from core.vision.verdict import Verdict

__all__ = ["Answer", "Bar", "answer", "as_json", "bar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One style's probability."""

    style: Style
    name: str
    percent: int
    """1 to 99, the same number that Eva says."""
    probability: float
    label: str
    """The bar in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """The heat picture."""

    url: str
    """A data URL: the picture is in the answer itself, nothing of it stays behind on the server."""
    alt: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the page shows after a photo."""

    bubbles: tuple[Bubble, ...]
    style: Style
    name: str
    band: Band
    outfit: float
    region: Region
    bars: tuple[Bar, ...]
    """All eight, the most probable first; none where there is no outfit."""
    heat: Heat | None
    """None where there is no outfit: then there is no style whose evidence it would show."""
    photo: str | None
    """The photo as a data URL in a format that every browser shows, if it was asked for."""
    model: str
    engine: str


def answer(data: bytes, classifier: StyleClassifier, language: Language, *, with_photo: bool) -> Answer:
    """Judge a photo. Takes tens of milliseconds of a core: never call it on an event loop.

    Args:
        data: the file as it was sent.
        classifier: judges it.
        language: the language of the answer.
        with_photo: whether to send the photo back as well, for a browser that cannot show it by itself.

    Raises:
        PhotoError: the bytes are no photo that Eva can judge.
        ModelError: the model cannot be used.
    """
    picture = read_photo(data)
    verdict = classifier.judge(picture)
    seen = verdict.band is not Band.NOT_AN_OUTFIT
    name = style_name(verdict.style, language)
    return Answer(
        bubbles=speak(verdict, photo=hashlib.sha256(data).hexdigest(), language=language),
        style=verdict.style,
        name=name,
        band=verdict.band,
        outfit=verdict.outfit,
        region=verdict.region,
        bars=tuple(bar(style, share, language) for style, share in verdict.ranking) if seen else (),
        heat=_heat(picture, verdict, name, language) if seen else None,
        # A map without heat leaves the photo as it is: same size, same cut as the heat picture.
        photo=_data_url(heat_jpeg(picture.image, np.zeros_like(verdict.cam))) if with_photo else None,
        model=verdict.model,
        engine=verdict.engine,
    )


def as_json(answer: Answer) -> dict[str, Any]:
    """The answer as `POST /api/judge` sends it."""
    return asdict(answer)


def bar(style: Style, probability: float, language: Language) -> Bar:
    """One style's bar."""
    name, share = style_name(style, language), percent(probability)
    return Bar(
        style=style,
        name=name,
        percent=share,
        probability=probability,
        label=text("page.bar", language, style=name, percent=share),
    )


def _heat(picture: Picture, verdict: Verdict, name: str, language: Language) -> Heat:
    return Heat(
        url=_data_url(heat_jpeg(picture.image, verdict.cam)),
        alt=text("page.map_alt", language, style=name),
        caption=text("page.map_caption", language, style=name),
    )


def _data_url(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode('ascii')}"
