"""The inference backend, LiteRT, and its outputs.

See ADR 0003.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import LifoQueue
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import BackendUnavailableError, ModelMismatchError, ModelNotFoundError
from core.runtime import available_cpus

MAX_THREADS = 4
"""Threads of one interpreter at most: convolutions over 320 x 224 px gain little from more."""
OUTPUTS = frozenset({"style_logits", "outfit_logit", "evidence"})
"""The names of every model's outputs."""
ATTRIBUTE_OUTPUTS = frozenset(
    {
        *("outfit_evidence", "item_logits", "item_evidence", "color_logits", "color_evidence", "embedding"),
        *("kind_logits", "clothes"),
    }
)
"""The names of the further outputs of a model that knows items and colors; it has all of them."""
TFLITE_BANNER = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
_stderr_lock = Lock()
"""Held while stderr is captured: of two captures at once, the later one would restore the file of the earlier one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AttributeOutputs:
    """The outputs of a model that also knows items and colors."""

    kind_logits: NDArray[np.float32]
    """In the order of `Refusal`, then something else: what is in a picture without an outfit."""
    clothes: NDArray[np.float32]
    """Rows x columns: probability, 0 to 1, that the position is on worn clothes."""
    item_logits: NDArray[np.float32]
    """In the order of ITEMS, before calibration."""
    item_evidence: NDArray[np.float32]
    """Rows x columns x items."""
    color_logits: NDArray[np.float32]
    """In the order of COLORS, before calibration."""
    color_evidence: NDArray[np.float32]
    """Rows x columns x colors."""
    embedding: NDArray[np.float32]
    """128 values of length 1: near for outfits that look alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOutputs:
    """The network's outputs for one image."""

    logits: NDArray[np.float32]
    """8, in the order of STYLES, before temperature and softmax."""
    outfit_logit: float
    """Before the sigmoid: whether there is an outfit."""
    evidence: NDArray[np.float32]
    """Rows x columns x 8: each position's part in the style logits, of any sign, without bias. 20 x 14 for the bundled
    model: one cell for 16 x 16 px of the input."""
    attributes: AttributeOutputs | None = None
    """None for a model that knows styles alone."""


class InferenceBackend(Protocol):
    """Runs the network on one image. Thread-safe."""

    @property
    def name(self) -> str:
        """The value of `Verdict.engine`."""

    def forward(self, pixels: NDArray[np.uint8]) -> ModelOutputs:
        """Run one forward pass over height x width x 3, RGB, in the size of the model card."""

    def close(self) -> None:
        """Free the model; it cannot be used afterward."""


class LiteRTBackend:
    """The LiteRT model in a pool of interpreters.

    An interpreter serves one caller at a time. On two processors, one interpreter with two threads and two interpreters
    with one thread each have the same throughput, but the first has half the latency and half the memory. So threads
    come first, and there are several interpreters only with more than MAX_THREADS processors. They are created on
    demand, the first one at once.
    """

    name = "litert"

    def __init__(self, model: Path, *, threads: int | None = None, interpreters: int | None = None) -> None:
        """Load the model.

        Args:
            model: the `.tflite` file, with one signature: input `picture`; outputs `OUTPUTS`, and all or none of
                `ATTRIBUTE_OUTPUTS`.
            threads: of each interpreter. Default: the number of processors, at most MAX_THREADS.
            interpreters: at most. Default: processors divided by threads.

        Raises:
            ModelNotFoundError: there is no such file.
            ModelMismatchError: the file is not a model with this signature.
        """
        if not model.is_file():
            raise ModelNotFoundError(model.name)
        cpus = available_cpus()
        self._model = model
        self._threads = threads or min(cpus, MAX_THREADS)
        self._size = interpreters or max(1, cpus // self._threads)
        self._is_closed = False
        self._idle_runners: LifoQueue[Callable[..., Any] | None] = LifoQueue()
        for _ in range(self._size - 1):
            self._idle_runners.put(None)
        self._idle_runners.put(self._create_runner())

    def forward(self, pixels: NDArray[np.uint8]) -> ModelOutputs:
        """Run one forward pass; blocks while every interpreter is busy.

        Raises:
            BackendUnavailableError: the backend is closed, or the outputs are not finite numbers.
        """
        with self._acquire() as run:
            return _to_model_outputs(run(picture=pixels[None]))

    def close(self) -> None:
        """Wait for the running passes, then free every interpreter. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        for _ in range(self._size):
            self._idle_runners.get()
        for _ in range(self._size):
            self._idle_runners.put(None)

    @contextmanager
    def _acquire(self) -> Iterator[Callable[..., Any]]:
        runner = self._idle_runners.get()
        try:
            if self._is_closed:
                raise BackendUnavailableError("it is closed")
            if runner is None:
                runner = self._create_runner()
            yield runner
        finally:
            self._idle_runners.put(runner)

    def _create_runner(self) -> Callable[..., Any]:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

        with _suppress_tflite_banner():
            try:
                interpreter = Interpreter(model_path=str(self._model), num_threads=self._threads)
                interpreter.allocate_tensors()
                runner = interpreter.get_signature_runner()
            except ValueError as error:
                raise ModelMismatchError(f"{self._model.name}: {error}") from error
            _check_signature(runner, self._model)
        return runner  # type: ignore[no-any-return]


def _to_model_outputs(tensors: Mapping[str, NDArray[np.float32]]) -> ModelOutputs:
    """The outputs for the one image of a pass.

    Raises:
        BackendUnavailableError: they are not all finite. A network with finite weights gives finite outputs, so
            something else is wrong, and another pass may succeed.
    """
    if broken := sorted(name for name, tensor in tensors.items() if not np.isfinite(tensor).all()):
        raise BackendUnavailableError(f"the outputs {', '.join(broken)} are not finite")
    attributes = None
    if "item_logits" in tensors:
        attributes = AttributeOutputs(
            kind_logits=tensors["kind_logits"][0],
            clothes=tensors["clothes"][0, ..., 0],
            item_logits=tensors["item_logits"][0],
            item_evidence=tensors["item_evidence"][0],
            color_logits=tensors["color_logits"][0],
            color_evidence=tensors["color_evidence"][0],
            embedding=tensors["embedding"][0],
        )
    return ModelOutputs(
        logits=tensors["style_logits"][0],
        outfit_logit=float(tensors["outfit_logit"][0, 0]),
        evidence=tensors["evidence"][0],
        attributes=attributes,
    )


def _check_signature(runner: Any, model: Path) -> None:
    inputs, outputs = set(runner.get_input_details()), set(runner.get_output_details())
    if inputs != {"picture"} or outputs not in (OUTPUTS, OUTPUTS | ATTRIBUTE_OUTPUTS):
        raise ModelMismatchError(f"{model.name} takes {sorted(inputs)} and gives {sorted(outputs)}")


@contextmanager
def _suppress_tflite_banner() -> Iterator[None]:
    """Drop the one line that LiteRT always writes to stderr; it has no switch for it. Other lines are passed on."""
    with _stderr_lock, tempfile.TemporaryFile() as captured:
        stderr = os.dup(2)
        os.dup2(captured.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            captured.seek(0)
            for line in captured:
                if line.rstrip() != TFLITE_BANNER:
                    os.write(2, line)
