"""Eva's answer to one photo, ready for a page: her words, the numbers as people read them, the heat."""

import hashlib
from base64 import b64encode
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

from core.conversation.narration import Message, percent, style_name, verdict_messages
from core.i18n.translations import Language, translate
from core.images.decoding import decode_photo
from core.styles import Style
from core.vision.cam import EvidenceRegion
from core.vision.classifier import StyleClassifier
from core.vision.heatmap import encode_heatmap_jpeg
from core.vision.verdict import ConfidenceBand, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilityBar:
    """One style's probability."""

    style: Style
    name: str
    percent: int
    """1 to 99, the same number that Eva says."""
    probability: float
    label: str
    """The bar in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineHeatmap:
    """The heat picture."""

    url: str
    """A data URL: the picture is in the answer itself, nothing of it stays behind on the server."""
    alt: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeResponse:
    """What the page shows after a photo."""

    bubbles: tuple[Message, ...]
    style: Style
    name: str
    band: ConfidenceBand
    outfit: float
    region: EvidenceRegion
    bars: tuple[ProbabilityBar, ...]
    """All eight, the most probable first; none where there is no outfit."""
    heat: InlineHeatmap | None
    """None where there is no outfit: then there is no style whose evidence it would show."""
    photo: str | None
    """The photo as a data URL in a format that every browser shows, if it was asked for."""
    model: str
    engine: str


def judge_upload(data: bytes, classifier: StyleClassifier, language: Language, *, include_photo: bool) -> JudgeResponse:
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
    picture = decode_photo(data)
    verdict = classifier.classify(picture)
    seen = verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
    name = style_name(verdict.style, language)
    return JudgeResponse(
        bubbles=verdict_messages(verdict, seed=hashlib.sha256(data).hexdigest(), language=language),
        style=verdict.style,
        name=name,
        band=verdict.band,
        outfit=verdict.outfit_probability,
        region=verdict.region,
        bars=tuple(build_bar(style, share, language) for style, share in verdict.ranking) if seen else (),
        heat=_inline_heatmap(picture, verdict, name, language) if seen else None,
        # A map without heat leaves the photo as it is: same size, same cut as the heat picture.
        photo=_data_url(encode_heatmap_jpeg(picture, np.zeros_like(verdict.cam))) if include_photo else None,
        model=verdict.model,
        engine=verdict.engine,
    )


def to_json(answer: JudgeResponse) -> dict[str, Any]:
    """The answer as `POST /api/judge` sends it."""
    return asdict(answer)


def build_bar(style: Style, probability: float, language: Language) -> ProbabilityBar:
    """One style's bar."""
    name, share = style_name(style, language), percent(probability)
    return ProbabilityBar(
        style=style,
        name=name,
        percent=share,
        probability=probability,
        label=translate("page.bar", language, style=name, percent=share),
    )


def _inline_heatmap(picture: Image.Image, verdict: Verdict, name: str, language: Language) -> InlineHeatmap:
    return InlineHeatmap(
        url=_data_url(encode_heatmap_jpeg(picture, verdict.cam)),
        alt=translate("page.map_alt", language, style=name),
        caption=translate("page.map_caption", language, style=name),
    )


def _data_url(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode('ascii')}"
