"""From a picture to a verdict in one forward pass."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import EngineUnavailable, ModelMismatch, ModelMissing
from core.settings import EngineName, Environment
from core.styles import STYLES
from core.vision.cam import activation_map
from core.vision.card import read_card
from core.vision.engines import LiteRTEngine, TensorFlowEngine
from core.vision.frame import frame
from core.vision.region import region_of
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_by_hash
from core.vision.verdict import Verdict, band_of, by_style, sigmoid, softmax

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from core.photos import Picture
    from core.settings import Settings
    from core.vision.card import ModelCard
    from core.vision.engines import Engine

__all__ = ["MODELS", "StyleClassifier", "load_classifier"]

MODELS = Path(__file__).parents[1] / "models"
"""Where the model that ships with Eva lies."""
PROBE_LEVEL = 128
"""Grey level, of 255, of the image that proves that the model works."""


class StyleClassifier:
    """Judges pictures with one model; may be used from many threads at once."""

    def __init__(self, engine: Engine, card: ModelCard) -> None:
        """Put an engine and its model's card together; `load_classifier` does it from the settings."""
        self.engine = engine
        self.card = card
        self._is_proved = False

    def judge(self, picture: Picture) -> Verdict:
        """Name the style of one picture and where it shows, in one forward pass.

        Raises:
            EngineUnavailable: the classifier was closed.
            NoScriptedVerdict: the engine is scripted and its script has come to its end.
        """
        framed = frame(picture.image, self.card.preprocessing)
        outputs = self.engine.forward(framed.pixels)
        probabilities = softmax(outputs.logits / self.card.temperature)
        best = int(np.argmax(probabilities))
        cam = activation_map(framed.crop(outputs.evidence[..., best]))
        named = by_style(probabilities)
        outfit = sigmoid(outputs.outfit_logit)
        return Verdict(
            style=STYLES[best],
            probabilities=named,
            outfit=outfit,
            band=band_of(named, outfit, self.card.thresholds),
            cam=cam,
            region=region_of(cam),
            model=self.card.version,
            engine=self.engine.name,
        )

    def probe(self) -> None:
        """Show that the model works, by one forward pass over a grey image; further calls do not repeat it.

        Raises:
            ModelError: it does not.
        """
        if not self._is_proved:
            shape = self.card.preprocessing
            self.engine.forward(np.full((shape.height, shape.width, 3), PROBE_LEVEL, np.uint8))
            self._is_proved = True

    def close(self) -> None:
        """Let go of the model, once the passes that run have ended."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def load_classifier(settings: Settings) -> StyleClassifier:
    """Load the model and the engine that the settings name.

    Raises:
        ModelMissing: the folder holds no model or no card.
        ModelMismatch: the card was written for another file, or is not one of Eva's.
        EngineUnavailable: the engine is not installed, or is scripted in production.
    """
    if settings.engine is EngineName.SCRIPTED:
        if settings.env is Environment.PRODUCTION:
            raise EngineUnavailable("scripted verdicts are for development, and EVA_ENV is production")
        return StyleClassifier(ScriptedEngine(scripted_by_hash), SCRIPTED_CARD)
    folder = settings.model_dir or MODELS
    card = read_card(folder / "model.json")
    if settings.engine is EngineName.TENSORFLOW:
        return StyleClassifier(TensorFlowEngine(folder / "eva.keras"), card)
    model = folder / card.file
    _check_digest(model, card.sha256)
    return StyleClassifier(LiteRTEngine(model), card)


def _check_digest(model: Path, expected: str) -> None:
    """10 ms for 15 MB, against a model and a card of two different exports."""
    try:
        with model.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ModelMissing(model.name) from error
    if digest != expected:
        raise ModelMismatch(f"{model.name} has the digest {digest[:8]}, its card says {expected[:8]}")
