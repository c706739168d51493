"""From a picture to a verdict in one forward pass."""

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from core.errors import BackendUnavailableError, ModelMismatchError, ModelNotFoundError
from core.images.decoding import DecodedImage
from core.settings import EngineName, Environment, Settings
from core.styles import STYLES
from core.vision.backends import InferenceBackend, LiteRTBackend, TensorFlowBackend
from core.vision.cam import activation_map, locate_evidence
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, outputs_from_hash
from core.vision.model_card import ModelCard, load_model_card
from core.vision.preprocessing import fit_to_input
from core.vision.verdict import Verdict, confidence_band, sigmoid, softmax, to_style_mapping

BUNDLED_MODEL_DIR = Path(__file__).parents[1] / "models"
"""Where the model that ships with Eva lies."""
PROBE_LEVEL = 128
"""Grey level, of 255, of the image that proves that the model works."""


class StyleClassifier:
    """Judges pictures with one model; may be used from many threads at once."""

    def __init__(self, backend: InferenceBackend, model_card: ModelCard) -> None:
        """Put an engine and its model's card together; `load_classifier` does it from the settings."""
        self.backend = backend
        self.model_card = model_card
        self._is_proved = False

    def classify(self, photo: DecodedImage) -> Verdict:
        """Name the style of one picture and where it shows, in one forward pass.

        Raises:
            BackendUnavailableError: the classifier was closed.
            FakeBackendExhaustedError: the engine is scripted and its script has come to its end.
        """
        framed = fit_to_input(photo.image, self.model_card.preprocessing)
        outputs = self.backend.forward(framed.pixels)
        probabilities = softmax(outputs.logits / self.model_card.temperature)
        best = int(np.argmax(probabilities))
        cam = activation_map(framed.crop_to_image(outputs.evidence[..., best]))
        named = to_style_mapping(probabilities)
        outfit = sigmoid(outputs.outfit_logit)
        return Verdict(
            style=STYLES[best],
            probabilities=named,
            outfit_probability=outfit,
            band=confidence_band(named, outfit, self.model_card.thresholds),
            cam=cam,
            region=locate_evidence(cam),
            model=self.model_card.version,
            engine=self.backend.name,
        )

    def probe(self) -> None:
        """Show that the model works, by one forward pass over a grey image; further calls do not repeat it.

        Raises:
            ModelError: it does not.
        """
        if not self._is_proved:
            shape = self.model_card.preprocessing
            self.backend.forward(np.full((shape.height, shape.width, 3), PROBE_LEVEL, np.uint8))
            self._is_proved = True

    def close(self) -> None:
        """Let go of the model, once the passes that run have ended."""
        self.backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def load_classifier(settings: Settings) -> StyleClassifier:
    """Load the model and the engine that the settings name.

    Raises:
        ModelNotFoundError: the folder holds no model or no card.
        ModelMismatchError: the card was written for another file, or is not one of Eva's.
        BackendUnavailableError: the engine is not installed, or is scripted in production.
    """
    if settings.engine is EngineName.SCRIPTED:
        if settings.env is Environment.PRODUCTION:
            raise BackendUnavailableError("scripted verdicts are for development, and EVA_ENV is production")
        return StyleClassifier(FakeBackend(outputs_from_hash), FAKE_MODEL_CARD)
    folder = settings.model_dir or BUNDLED_MODEL_DIR
    card = load_model_card(folder / "model.json")
    if settings.engine is EngineName.TENSORFLOW:
        return StyleClassifier(TensorFlowBackend(folder / "eva.keras"), card)
    model = folder / card.file
    _check_digest(model, card.sha256)
    return StyleClassifier(LiteRTBackend(model), card)


def _check_digest(model: Path, expected: str) -> None:
    """10 ms for 15 MB, against a model and a card of two different exports."""
    try:
        with model.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ModelNotFoundError(model.name) from error
    if digest != expected:
        raise ModelMismatchError(f"{model.name} has the digest {digest[:8]}, its card says {expected[:8]}")
