"""A naive class activation map, to compare with: every feature map is enlarged to the size of the photo.

The 8 x 8 x 512 features after the last pooling of VGG-16 are zoomed by 32 x 32 x 0.5 to 256 x 256 x 256, multiplied by
the weights of a class and drawn with matplotlib, as in the web application of 2020. The time does not depend on the
weights, so they are random. Its interpolation is not known: cubic is the default of SciPy, linear is cheaper.
"""

from __future__ import annotations

import io
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

SIDE = 256


class NaiveCam:
    """Makes a PNG of the class activation map from the bytes of a photo."""

    def __init__(self, order: int = 3) -> None:
        """Build the network; needs the extra `train`.

        Args:
            order: of the splines that enlarge the maps; 3 is cubic, 1 linear.

        Raises:
            ImportError: TensorFlow or matplotlib is not installed.
        """
        import keras  # noqa: PLC0415
        import matplotlib as mpl  # noqa: PLC0415

        mpl.use("Agg")
        self.order = order
        base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3))
        pooled = keras.layers.GlobalAveragePooling2D()(base.output)
        self._network: Any = keras.Model(base.input, [base.output, keras.layers.Dense(8)(pooled)])
        self._prepare: Any = keras.applications.vgg16.preprocess_input
        self._weights: NDArray[np.float32] = np.random.default_rng(0).normal(size=(256, 8)).astype(np.float32)

    def with_order(self, order: int) -> NaiveCam:
        """The same network with another interpolation."""
        other = copy(self)
        other.order = order
        return other

    def __call__(self, data: bytes) -> bytes:
        """Judge one photo and draw its map."""
        import matplotlib.pyplot as plt  # noqa: PLC0415

        photo = Image.open(io.BytesIO(data)).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        pixels = np.asarray(photo)
        features, logits = self._network.predict(self._prepare(pixels[None].astype(np.float32)), verbose=0)
        zoomed = ndimage.zoom(features[0], (32, 32, 0.5), order=self.order)
        heatmap = zoomed.reshape(-1, 256) @ self._weights[:, int(np.argmax(logits[0]))]
        figure, axes = plt.subplots()
        axes.imshow(pixels)
        axes.imshow(heatmap.reshape(SIDE, SIDE), cmap="jet", alpha=0.5)
        axes.axis("off")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        plt.close(figure)
        return buffer.getvalue()
