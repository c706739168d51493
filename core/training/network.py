"""The network: an ImageNet backbone, global average pooling and one linear layer, so that the CAM is exact.

Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016: with features F (rows x columns x
channels), logits z = mean(F) W + b, so the evidence for a style at one position is F W, and its mean plus b is the
logit itself. VGG: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from core.errors import DatasetError, WeightsUnavailableError
from core.styles import STYLES
from core.training.run_files import load_arrays

IMAGENET_MEAN = (123.68, 116.779, 103.939)
"""RGB."""
STYLE_LAYER, OUTFIT_LAYER = "style", "outfit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A supported convolutional base."""

    make: Callable[..., keras.Model]
    """Constructor of keras.applications: include_top, weights, input_tensor."""
    features: str
    """The layer whose output is the input of the heads."""
    cuts: Mapping[str, str]
    """The last layer before each block from which training may start."""
    channels: int
    """Of the maps before block 5."""
    weights: str
    """What the weights trained on ImageNet are, with the license that model cards have to name."""


ARCHITECTURES: dict[str, Architecture] = {
    "vgg16": Architecture(
        make=keras.applications.VGG16,
        features="block5_conv3",
        cuts={"block5": "block4_pool", "block4": "block3_pool"},
        channels=512,
        weights="VGG-16, Oxford VGG, CC BY 4.0",
    ),
    "vgg19": Architecture(
        make=keras.applications.VGG19,
        features="block5_conv4",
        cuts={"block5": "block4_pool", "block4": "block3_pool"},
        channels=512,
        weights="VGG-19, Oxford VGG, CC BY 4.0",
    ),
    "resnet50": Architecture(
        make=keras.applications.ResNet50,
        features="conv5_block3_out",
        cuts={"block5": "conv4_block6_out", "block4": "conv3_block4_out"},
        channels=1024,
        weights="ResNet-50, Kaiming He, MIT",
    ),
}


def build_base(backbone: str, weights: Path | None, shape: tuple[int, int]) -> keras.Model:
    """Build the convolutional base up to its last features, from RGB pixels 0 to 255.

    The published weights expect BGR minus ImageNet's mean. The channel order is folded into the first kernel, so that
    only a subtraction remains.

    Args:
        backbone: a key of ARCHITECTURES.
        weights: an .npz with `layer/kernel` and `layer/bias` (VGG), or None for keras.applications' download.
        shape: height, width of the input.

    Raises:
        DatasetError: the file does not contain this network's weights.
        WeightsUnavailableError: the download failed.
    """
    architecture = ARCHITECTURES[backbone]
    picture = keras.Input((*shape, 3), name="picture")
    centered = keras.layers.Rescaling(1.0, offset=[-value for value in IMAGENET_MEAN], name="center")(picture)
    try:
        published = architecture.make(include_top=False, weights=None if weights else "imagenet", input_tensor=centered)
    except Exception as error:
        # Keras raises a plain Exception when a download fails.
        if "URL fetch failure" not in str(error):
            raise
        raise WeightsUnavailableError(backbone) from error
    if weights:
        _load_weights(published, weights)
    first = next(layer for layer in published.layers if isinstance(layer, keras.layers.Conv2D))
    kernel, *rest = first.get_weights()
    first.set_weights([kernel[:, :, ::-1, :], *rest])
    return keras.Model(picture, published.get_layer(architecture.features).output, name=f"{backbone}_base")


def build_frozen_base(
    backbone: str, weights: Path | None, shape: tuple[int, int], *, cuts: Sequence[str] = (), with_maxima: bool = False
) -> keras.Model:
    """Build the base that runs once per photo.

    Args:
        backbone: a key of ARCHITECTURES.
        weights: of `build_base`.
        shape: height, width of the input.
        cuts: layers whose maps are outputs.
        with_maxima: whether `pooled`, the means over positions of the maps before and after block 5, has their maxima
            too, those of a map after its means.
    """
    base = build_base(backbone, weights, shape)
    pools = [keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D][: 1 + with_maxima]
    pooled_maps = (base.get_layer(ARCHITECTURES[backbone].cuts["block5"]).output, base.output)
    pooled = keras.layers.Concatenate()([pool()(maps) for maps in pooled_maps for pool in pools])
    return keras.Model(base.input, {**{name: base.get_layer(name).output for name in cuts}, "pooled": pooled})


def build_network(base: keras.Model, dropout: float = 0.0) -> keras.Model:
    """Build the whole network, from pixels to style logits (8) and outfit logit (1), linear over pooled features."""
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(base.output)
    if dropout:
        pooled = keras.layers.Dropout(dropout, name="dropout")(pooled)
    style = keras.layers.Dense(len(STYLES), name=STYLE_LAYER, dtype="float32")(pooled)
    outfit = keras.layers.Dense(1, name=OUTFIT_LAYER, dtype="float32")(pooled)
    return keras.Model(base.input, (style, outfit), name="eva")


def build_tail(network: keras.Model, cut: str) -> keras.Model:
    """Build a model of the layers after layer `cut`; it shares its weights with `network`."""
    return keras.Model(network.get_layer(cut).output, network.outputs, name="tail")


def load_network(path: Path) -> keras.Model:
    """Read a `model.keras`.

    Raises:
        DatasetError: it is missing, as in the directory of a run that has not finished, or no such file.
    """
    try:
        return keras.models.load_model(path)
    except (OSError, TypeError, ValueError) as error:
        state = "is no Keras network" if path.exists() else "is missing: the run has not finished"
        raise DatasetError(f"{path.name} {state}") from error


@contextmanager
def bfloat16_where_supported() -> Iterator[None]:
    """Build layers that multiply in bfloat16, where the processor has it: it halves the time of a step."""
    keras.config.set_dtype_policy("mixed_bfloat16" if _supports_bfloat16() else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy("float32")


def _supports_bfloat16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _load_weights(model: keras.Model, path: Path) -> None:
    stored = load_arrays(path)
    for layer in model.layers:
        if not layer.weights:
            continue
        try:
            layer.set_weights([stored[f"{layer.name}/{part}"].astype(np.float32) for part in ("kernel", "bias")])
        except (KeyError, ValueError) as error:
            raise DatasetError(f"{path.name} has no matching weights for {layer.name}") from error
