"""What runs the network: LiteRT as Eva ships, TensorFlow to compare with; both give the same outputs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import LifoQueue
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core.errors import BackendUnavailableError, ModelMismatchError, ModelNotFoundError

if TYPE_CHECKING:
    from numpy.typing import NDArray


MAX_THREADS = 4
"""Threads of one interpreter at most: convolutions at 256 x 256 gain little from more."""
TFLITE_BANNER = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOutputs:
    """What the network says about one picture."""

    logits: NDArray[np.float32]
    """8, in the order of STYLES, before temperature and softmax."""
    outfit_logit: float
    """Before the sigmoid: is there an outfit?"""
    evidence: NDArray[np.float32]
    """Rows x columns x 8: each position's part in the style logits, of any sign, bias left out."""


class InferenceBackend(Protocol):
    """Runs the network on one framed picture; may be called from many threads at once."""

    @property
    def name(self) -> str:
        """What `Verdict.engine` says."""

    def forward(self, pixels: NDArray[np.uint8]) -> ModelOutputs:
        """One forward pass over height x width x 3, RGB, in the size of the model's card."""

    def close(self) -> None:
        """Let go of the model. Nothing may be asked afterwards."""


class LiteRTBackend:
    """The LiteRT model in a pool of interpreters.

    An interpreter serves one caller at a time. On two cores one interpreter with two threads and two
    interpreters with one thread each judge equally many photos a second, but the first answers in half the
    time and holds half the memory; so the threads come first, and there are several interpreters only where
    there are more than MOST_THREADS cores. They are made when they are first needed, the first one at once.
    """

    name = "litert"

    def __init__(self, model: Path, *, threads: int | None = None, interpreters: int | None = None) -> None:
        """Load the model.

        Args:
            model: the `.tflite` file, one signature with `picture` in and `style_logits`, `outfit_logit` and
                `evidence` out.
            threads: of each interpreter; as many as there are cores, up to MOST_THREADS, if not given.
            interpreters: the most there will be; cores divided by threads if not given.

        Raises:
            ModelNotFoundError: there is no such file.
            ModelMismatchError: the file is not a model, or not one with Eva's signature.
        """
        if not model.is_file():
            raise ModelNotFoundError(model.name)
        cores = available_cpus()
        self._model = model
        self._threads = threads or min(cores, MAX_THREADS)
        self._size = interpreters or max(1, cores // self._threads)
        self._closed = False
        self._idle_runners: LifoQueue[Callable[..., Any] | None] = LifoQueue()
        for _ in range(self._size - 1):
            self._idle_runners.put(None)
        self._idle_runners.put(self._create_runner())

    def forward(self, pixels: NDArray[np.uint8]) -> ModelOutputs:
        """One forward pass; waits while every interpreter is at work.

        Raises:
            BackendUnavailableError: the engine was closed.
        """
        with self._acquire() as run:
            return _to_model_outputs(run(picture=pixels[None]))

    def close(self) -> None:
        """Wait for the passes that run, then free every interpreter. May be called again."""
        if self._closed:
            return
        self._closed = True
        for _ in range(self._size):
            self._idle_runners.get()
        for _ in range(self._size):
            self._idle_runners.put(None)

    @contextmanager
    def _acquire(self) -> Iterator[Callable[..., Any]]:
        runner = self._idle_runners.get()
        try:
            if self._closed:
                raise BackendUnavailableError("it was closed")
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
            _check_signature(runner.get_input_details(), runner.get_output_details(), self._model)
        return runner  # type: ignore[no-any-return]


class TensorFlowBackend:
    """The Keras model in TensorFlow, float32, to compare the LiteRT model with. Needs the extra `train`."""

    name = "tensorflow"

    def __init__(self, model: Path) -> None:
        """Load the model.

        Args:
            model: the `.keras` file that `eva export` leaves beside the LiteRT model: `picture` in, a
            dictionary of
                `style_logits`, `outfit_logit` and `evidence` out.

        Raises:
            BackendUnavailableError: TensorFlow is not installed, or there is no such file.
            ModelMismatchError: the file is not a model with Eva's outputs.
        """
        try:
            import keras  # noqa: PLC0415
            import tensorflow as tf  # noqa: PLC0415
        except ImportError as error:
            raise BackendUnavailableError("tensorflow; pip install 'eva-stylist[train]' brings it") from error
        if not model.is_file():
            raise BackendUnavailableError(
                f"{model.name} is not there; `eva export` writes it, EVA_MODEL_DIR names its folder"
            )
        try:
            network = keras.saving.load_model(model, compile=False)
        except ValueError as error:
            raise ModelMismatchError(f"{model.name}: {error}") from error
        outputs = network.output if isinstance(network.output, dict) else network.output_names
        _check_signature({each.name for each in network.inputs}, outputs, model)
        self._forward = tf.function(lambda picture: network(picture, training=False), reduce_retracing=True)

    def forward(self, pixels: NDArray[np.uint8]) -> ModelOutputs:
        """One forward pass."""
        return _to_model_outputs({name: tensor.numpy() for name, tensor in self._forward(pixels[None]).items()})

    def close(self) -> None:
        """Nothing to let go of before the process ends."""


def available_cpus() -> int:
    """Cores that this process may use: its affinity, and a container's quota where there is one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
    except OSError:
        return cores
    return cores if quota == "max" else max(1, min(cores, round(int(quota) / int(period))))


def _to_model_outputs(tensors: Mapping[str, NDArray[np.float32]]) -> ModelOutputs:
    return ModelOutputs(
        logits=tensors["style_logits"][0],
        outfit_logit=float(tensors["outfit_logit"][0, 0]),
        evidence=tensors["evidence"][0],
    )


def _check_signature(inputs: Any, outputs: Any, model: Path) -> None:
    if set(inputs) != {"picture"} or set(outputs) != {"style_logits", "outfit_logit", "evidence"}:
        raise ModelMismatchError(f"{model.name} takes {sorted(inputs)} and gives {sorted(outputs)}")


@contextmanager
def _suppress_tflite_banner() -> Iterator[None]:
    """Take LiteRT's one greeting out of stderr; it has no switch for it. Every other line is passed on."""
    with tempfile.TemporaryFile() as caught:
        stderr = os.dup(2)
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            caught.seek(0)
            for line in caught:
                if line.rstrip() != TFLITE_BANNER:
                    os.write(2, line)
