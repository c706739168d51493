"""`POST /api/judge`: judge a photo and return the verdict as JSON; nothing is stored.

The response models are the public schema: their field names do not follow those of the classes inside.
"""

import hashlib
import time
from base64 import b64encode
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import structlog
from anyio import to_thread
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from PIL import Image
from pydantic import BaseModel, Field

from core.conversation.narration import MessageSlot, style_name, verdict_messages
from core.i18n.translations import Language, translate
from core.services.heatmaps import encode_heatmap_jpeg
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.verdict import ConfidenceBand, HorizontalPart, VerticalPart
from leaderboard_web.dependencies import Context
from leaderboard_web.errors import NoPhotoError
from leaderboard_web.forms import MultipartForm, uploaded_bytes
from leaderboard_web.view_models import build_bars

log = structlog.get_logger()

router = APIRouter()

FORM_SCHEMA = {
    "type": "object",
    "required": ["photo"],
    "properties": {
        "photo": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"},
        "echo": {"type": "string", "description": "if present, the response contains the photo as JPEG"},
    },
}
LANGUAGE_PARAMETER = {
    "name": "lang",
    "in": "query",
    "description": "language of the response; without it, Accept-Language decides",
    "schema": {"type": "string", "enum": ["ko", "en"]},
}


class BubbleResponse(BaseModel):
    """One message of Eva."""

    text: str = Field(description="in the language of the request")
    slot: MessageSlot = Field(description="purpose of the message")


class RegionResponse(BaseModel):
    """Where in the photo the evidence for the style is."""

    height: VerticalPart = Field(description="third of the photo, from the top, with most of the evidence")
    side: HorizontalPart = Field(description="half of that part, as the viewer sees it, with most of the evidence")
    concentration: float = Field(description="0, spread evenly, to 1, all in one cell of the map")


class BarResponse(BaseModel):
    """The probability of one style."""

    style: Style = Field(description="key of the style")
    name: str = Field(description="of the style, in the language of the request")
    percent: str = Field(description="`<1`, or `1` to `99`, as in Eva's messages")
    probability: float = Field(description="0 to 1")
    label: str = Field(description="text alternative of a bar")


class HeatResponse(BaseModel):
    """The photo under its heatmap."""

    url: str = Field(description="data URL of a JPEG")
    alt: str = Field(description="text alternative of the image")
    caption: str = Field(description="what the heatmap shows")


class JudgeResponse(BaseModel):
    """The verdict on a photo."""

    bubbles: list[BubbleResponse] = Field(description="Eva's messages, in their order")
    style: Style = Field(description="key of the most probable style, also without an outfit")
    name: str = Field(description="of that style, in the language of the request")
    band: ConfidenceBand = Field(description="how definite the verdict is")
    outfit: float = Field(description="probability that the photo shows an outfit, 0 to 1")
    region: RegionResponse = Field(description="where in the photo the evidence is")
    bars: list[BarResponse] = Field(description="all eight styles, the most probable first; empty without an outfit")
    heat: HeatResponse | None = Field(description="the photo under its heatmap; null without an outfit")
    photo: str | None = Field(description="the photo as data URL of a JPEG if `echo` was sent, else null")
    model: str = Field(description="version of the model")
    engine: str = Field(description="what ran it")


class ErrorResponse(BaseModel):
    """A refused request."""

    error: str = Field(description="name of the error, for programs")
    message: str = Field(description="translated message, for people")


ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorResponse, "description": "The body is not a multipart form, or has no photo."},
    403: {"model": ErrorResponse, "description": "The request comes from a page of another site."},
    413: {"model": ErrorResponse, "description": "The photo is too large."},
    415: {"model": ErrorResponse, "description": "The file is not an image in a supported format."},
    422: {"model": ErrorResponse, "description": "The photo is empty, damaged, too small or too narrow."},
    429: {"model": ErrorResponse, "description": "Too many requests; see Retry-After."},
    503: {
        "model": ErrorResponse,
        "description": "Too many photos are waiting, or a service is unavailable.",
    },
}


@router.post(
    "/api/judge",
    name="judge",
    response_model=JudgeResponse,
    responses=ERROR_RESPONSES,
    openapi_extra={
        "parameters": [LANGUAGE_PARAMETER],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": FORM_SCHEMA}}},
    },
)
async def judge(context: Context, form: MultipartForm) -> JSONResponse:
    """Judge a photo."""
    data = await uploaded_bytes(form)
    if data is None:
        raise NoPhotoError
    resources = context.state.resources
    started_at = time.perf_counter()
    image = await to_thread.run_sync(resources.decode_pool.decode_photo, data, limiter=resources.decode_limiter)
    seed = hashlib.sha256(data).hexdigest()
    work = partial(judge_image, image, seed, context.state.classifier, context.language, include_photo="echo" in form)
    result = await to_thread.run_sync(work, limiter=resources.cpu_limiter)
    duration_ms = round(1000 * (time.perf_counter() - started_at))
    log.info("photo_judged", duration_ms=duration_ms, band=result.band, model=result.model)
    return JSONResponse(result.model_dump(mode="json"), headers={"Cache-Control": "no-store"})


def judge_image(
    image: Image.Image, seed: str, classifier: StyleClassifier, language: Language, *, include_photo: bool
) -> JudgeResponse:
    """Judge a photo; takes tens of milliseconds of a core, so it must not run on the event loop.

    Args:
        image: the decoded photo.
        seed: chooses among the variants of a sentence.
        classifier: judges it.
        language: of the response.
        include_photo: whether the response contains the photo, for browsers that cannot show the file.

    Raises:
        ModelError: the model cannot be used.
    """
    verdict = classifier.classify(image)
    name = style_name(verdict.style, language)
    bars, heat = [], None
    if verdict.band is not ConfidenceBand.NOT_AN_OUTFIT:
        for bar in build_bars(verdict.probabilities, language):
            bars.append(BarResponse.model_validate(bar, from_attributes=True))
        heat = HeatResponse(
            url=_data_url(encode_heatmap_jpeg(image, verdict, language)),
            alt=translate("page.map_alt", language, style=name),
            caption=translate("page.map_caption", language, style=name),
        )
    messages = verdict_messages(verdict, seed=seed, language=language)
    # An empty map leaves the photo as it is, in the size and crop of the heatmap.
    without_heat = replace(verdict, cam=np.zeros_like(verdict.cam))
    return JudgeResponse(
        bubbles=[BubbleResponse(text=message.text, slot=message.slot) for message in messages],
        style=verdict.style,
        name=name,
        band=verdict.band,
        outfit=verdict.outfit_probability,
        region=RegionResponse(
            height=verdict.region.vertical,
            side=verdict.region.horizontal,
            concentration=verdict.region.concentration,
        ),
        bars=bars,
        heat=heat,
        photo=_data_url(encode_heatmap_jpeg(image, without_heat, language)) if include_photo else None,
        model=verdict.model,
        engine=verdict.engine,
    )


def _data_url(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode('ascii')}"
