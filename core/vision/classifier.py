"""From an image to a verdict in one forward pass.

An image of any shape is fitted into the network's input, and maps over that input are cropped back to the image.

See ADR 0001 and ADR 0002.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import BackendUnavailableError, ModelMismatchError, ModelNotFoundError
from core.settings import EngineName, Environment, Settings
from core.styles import STYLES
from core.vision.backends import InferenceBackend, LiteRTBackend
from core.vision.explanation import explain
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, outputs_from_hash
from core.vision.model_card import CARD_FILE, ModelCard, Preprocessing, ResizeMode, load_model_card
from core.vision.verdict import (
    ConfidenceBand,
    Verdict,
    activation_map,
    confidence_band,
    find_refusal,
    locate_evidence,
    softmax,
)

BUNDLED_MODEL_DIR = Path(__file__).parents[1] / "models"
"""Directory of the bundled model."""
PROBE_LEVEL = 128
"""Gray level, 0 to 255, of the image for `StyleClassifier.probe`."""

Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """The network's input, and the part of it that the image covers."""

    pixels: NDArray[np.uint8]
    """height x width x 3, RGB."""
    image_box: tuple[float, float, float, float]
    """Left, top, right, bottom of the image's visible part, as fractions 0 to 1 of the rectangle."""

    def crop_to_image(self, cells: NDArray[Value]) -> NDArray[Value]:
        """Crop maps or pixels over the rectangle to the cells whose centers lie on the image, at least one.

        The first two axes of `cells` are rows and columns. The result consists of whole cells, so each
        edge is exact to half a cell.
        """
        left, top, right, bottom = self.image_box
        for axis, (start, stop) in enumerate(((top, bottom), (left, right))):
            count = cells.shape[axis]
            centers = (np.arange(count) + 0.5) / count
            inside = np.flatnonzero((centers >= start) & (centers <= stop))
            if inside.size == 0:
                inside = np.array([min(count - 1, int((start + stop) / 2 * count))])
            cells = cells.take(inside, axis)
        return cells


def fit_to_input(image: Image.Image, preprocessing: Preprocessing) -> ModelInput:
    """Resize an RGB image to the rectangle that the model was trained on."""
    width, height = preprocessing.width, preprocessing.height
    if preprocessing.resize_mode is ResizeMode.STRETCH:
        return ModelInput(
            pixels=np.asarray(image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=1.0)),
            image_box=(0.0, 0.0, 1.0, 1.0),
        )
    choose = min if preprocessing.resize_mode is ResizeMode.LETTERBOX else max
    scale = choose(width / image.width, height / image.height)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    resized = image.resize(inner, Image.Resampling.BICUBIC, reducing_gap=1.0)
    canvas = Image.new("RGB", (width, height), preprocessing.padding_color)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas.paste(resized, (left, top))
    return ModelInput(
        pixels=np.asarray(canvas),
        image_box=(
            max(0.0, left / width),
            max(0.0, top / height),
            min(1.0, (left + inner[0]) / width),
            min(1.0, (top + inner[1]) / height),
        ),
    )


class StyleClassifier:
    """Classifies images with one model. Thread-safe."""

    def __init__(self, backend: InferenceBackend, model_card: ModelCard) -> None:
        """Combine a backend with its model's card; `load_classifier` does it from the settings."""
        self.backend = backend
        self.model_card = model_card
        self.has_passed_probe = False

    def classify(self, image: Image.Image) -> Verdict:
        """Classify one image, RGB and upright, and locate the evidence, in one forward pass.

        Raises:
            BackendUnavailableError: the classifier is closed.
            ModelMismatchError: the model knows items, and its card does not calibrate them.
            FakeBackendExhaustedError: the fake backend has no outputs left.
        """
        card = self.model_card
        model_input = fit_to_input(image, card.preprocessing)
        outputs = self.backend.forward(model_input.pixels)
        probabilities = softmax(outputs.logits / card.temperature)
        by_style = dict(zip(STYLES, probabilities.tolist(), strict=True))
        first, second, *_ = sorted(STYLES, key=lambda style: -by_style[style])
        outfit_probability = float(softmax(np.array([outputs.outfit_logit, 0.0], np.float32))[0])
        band = confidence_band(by_style, outfit_probability, card.thresholds)
        crop = model_input.crop_to_image
        evidence, worn = crop(outputs.evidence), outputs.attributes
        attributes = embedding = refusal = None
        if worn is not None and band is ConfidenceBand.NOT_AN_OUTFIT:
            refusal = find_refusal(worn.kind_logits, card.refusals)
        elif worn is not None:
            if card.attributes is None:
                raise ModelMismatchError("the model knows items, its card does not calibrate them")
            embedding = worn.embedding
            on_image = replace(
                worn,
                clothes=crop(worn.clothes),
                item_evidence=crop(worn.item_evidence),
                color_evidence=crop(worn.color_evidence),
            )
            pixels = crop(model_input.pixels)
            evidence, attributes = explain(on_image, evidence, pixels, by_style, (first, second), card.attributes)
        cam = activation_map(evidence[..., first.position])
        return Verdict(
            style=first,
            runner_up=second,
            probabilities=by_style,
            outfit_probability=outfit_probability,
            band=band,
            cam=cam,
            region=locate_evidence(cam),
            model=card.version,
            engine=self.backend.name,
            attributes=attributes,
            embedding=embedding,
            refusal=refusal,
        )

    def probe(self) -> None:
        """Check by one forward pass over a gray image that the model works.

        Raises:
            ModelError: it does not work.
        """
        size = self.model_card.preprocessing
        self.backend.forward(np.full((size.height, size.width, 3), PROBE_LEVEL, np.uint8))
        self.has_passed_probe = True

    def close(self) -> None:
        """Free the model when the running passes have ended."""
        self.backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def load_classifier(settings: Settings) -> StyleClassifier:
    """Load the configured model and backend.

    Raises:
        ModelNotFoundError: the directory holds no model or no card.
        ModelMismatchError: the card was written for another file, or is invalid.
        BackendUnavailableError: the backend is the fake one, in production.
    """
    if settings.engine is EngineName.SCRIPTED:
        if settings.env is Environment.PRODUCTION:
            raise BackendUnavailableError("scripted verdicts are for development, and EVA_ENV is production")
        return StyleClassifier(FakeBackend(outputs_from_hash), FAKE_MODEL_CARD)
    directory = settings.model_dir or BUNDLED_MODEL_DIR
    model_card = load_model_card(directory / CARD_FILE)
    model = directory / model_card.file
    check_digest(model, model_card.sha256)
    return StyleClassifier(LiteRTBackend(model), model_card)


def check_digest(model: Path, expected: str) -> None:
    """Detect a model and a card of two different exports; 10 ms for 15 MB.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelMismatchError: its SHA-256 is another one.
    """
    try:
        with model.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ModelNotFoundError(model.name) from error
    if digest != expected:
        raise ModelMismatchError(f"{model.name} has the digest {digest[:8]}, its card says {expected[:8]}")
