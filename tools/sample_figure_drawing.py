"""Felt: flat shapes that light makes round, for the sample pictures of this folder.

Every shape is a flat outline; its distance to the edge becomes a height, the height a normal, and the normal
is lit from the upper left. Lengths are in heads.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Array = NDArray[np.float64]
Colour = tuple[int, int, int]
Cloth = Callable[[Array, Array], Array]

WIDTH, HEIGHT = 800, 1200
HEAD = 134.0
"""Pixels a head."""
TOP = 76.0
LIGHT = np.array([-0.42, -0.50, 0.76])

rng = np.random.default_rng(8)
rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
X, Y = (columns - WIDTH / 2) / HEAD, (rows - TOP) / HEAD


def noise(high: float, wide: float, source: np.random.Generator = rng) -> Array:
    """Smooth noise with a standard deviation of 1; grains `high` x `wide` pixels."""
    field: Array = ndimage.gaussian_filter(source.standard_normal((HEIGHT, WIDTH)), (high, wide))
    scaled: Array = field / field.std()
    return scaled


FOLDS = noise(46, 13) + 0.6 * noise(22, 16)
GRAIN = noise(0.8, 0.8)


def plain(colour: Colour, grain: float = 0.012) -> Cloth:
    """One color with the grain of a weave."""
    return lambda x, y: np.array(colour) / 255 * (1 + grain * GRAIN[..., None])


def mixed(base: Colour, other: Colour, where: Callable[[Array, Array], Array]) -> Cloth:
    """Two colors; `where` gives the share of the other one, 0 to 1."""

    def cloth(x: Array, y: Array) -> Array:
        share = np.clip(where(x, y), 0, 1)[..., None]
        return (plain(base)(x, y) * (1 - share)) + plain(other)(x, y) * share

    return cloth


def read(points: str, side: int = 1) -> Array:
    """Points written as `x y, x y`, or joints as `x y radius, x y radius`; side -1 mirrors them."""
    table = np.array([[float(number) for number in point.split()] for point in points.split(",")])
    table[:, 0] *= side
    return table


def curve(corners: Array, closed: bool) -> Array:
    """A Catmull-Rom spline through points of any dimension, 16 steps between two of them."""
    ends = (corners[-1:], corners[:2]) if closed else (corners[:1], corners[-1:])
    padded = np.concatenate([ends[0], corners, ends[1]])
    t = np.linspace(0, 1, 16, endpoint=False)[:, None]
    a, b, c, d = (padded[start : len(padded) - 3 + start, None] for start in range(4))
    steps = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    path = 0.5 * steps.reshape(-1, corners.shape[1])
    return path if closed else np.concatenate([path, corners[-1:]])


def stencil(draw: Callable[[ImageDraw.ImageDraw], None]) -> Array:
    """A mask, 0 to 1, drawn at twice the picture's size."""
    mask = Image.new("L", (WIDTH * 2, HEIGHT * 2))
    draw(ImageDraw.Draw(mask))
    return np.asarray(mask.resize((WIDTH, HEIGHT), Image.Resampling.BOX)) / 255.0


def fine(points: Array) -> Array:
    """Heads to the pixels of a stencil."""
    return (points * HEAD + [WIDTH / 2, TOP]) * 2


def polygon(corners: Array, sharp: bool) -> Array:
    """The mask of a closed outline through the corners."""
    path = fine(corners if sharp else curve(corners, True))
    return stencil(lambda pen: pen.polygon([tuple(point) for point in path], fill=255))


def outline(points: str, side: int = 1, *, sharp: bool = False) -> Array:
    """The mask of a closed outline."""
    return polygon(read(points, side), sharp)


def both(right: str, *, sharp: bool = False) -> Array:
    """The mask of a symmetric outline, given by its right half from top to bottom."""
    return polygon(np.concatenate([read(right), read(right, -1)[::-1]]), sharp)


def limb(joints: str, side: int = 1) -> Array:
    """The mask of a tube through the joints."""
    path = curve(read(joints, side), False)

    def draw(pen: ImageDraw.ImageDraw) -> None:
        for (x, y), radius in zip(fine(path[:, :2]), path[:, 2] * HEAD * 2, strict=True):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)

    return stencil(draw)


class Canvas:
    """A picture that shapes are laid on, back to front."""

    def __init__(self, wall: Colour, floor: Colour, horizon: float = 7.15, *, seed: int | None = None) -> None:
        """Start with a wall and a floor; with a seed the picture does not depend on those drawn before.

        Args:
            wall: red, green and blue, 0 to 255.
            floor: likewise.
            horizon: where the wall ends, in heads from the top.
            seed: of the noise; None for the generator that all drawings share.
        """
        source = rng if seed is None else np.random.default_rng(seed)
        glow = np.exp(-((X / 3.2) ** 2 + ((Y - 2.6) / 4.2) ** 2))[..., None]
        edge = np.clip((Y - horizon) / 0.25 + 0.5, 0, 1)[..., None]
        back = np.array(wall) / 255 * (0.8 + 0.26 * glow + 0.015 * noise(30, 30, source)[..., None])
        ground = np.array(floor) / 255 * (0.96 + 0.14 * glow + 0.01 * noise(3, 20, source)[..., None])
        self.pixels = back * (1 - edge) + ground * edge
        for x, wide, dark in ((0.0, 1.3, 0.55), (0.55, 2.1, 0.25)):
            spot = np.exp(-((((X - x) / wide) ** 2 + ((Y - 8.02) / 0.16) ** 2) ** 1.2))
            self.pixels *= 1 - dark * spot[..., None]

    def lay(
        self,
        mask: Array,
        cloth: Cloth,
        *,
        round: float = 0.3,
        folds: float = 0.0,
        pleats: float = 0.0,
        shadow: float = 0.4,
    ) -> None:
        """Lay one shape.

        Args:
            mask: where it is, 0 to 1.
            cloth: its color at each place.
            round: how far from the edge it bulges, in heads.
            folds: how deep its creases are.
            pleats: how many pleats run down it, spreading with its width.
            shadow: how dark the shadow is that it casts on what lies below.
        """
        cast = ndimage.shift(ndimage.gaussian_filter(mask, 9), (9, 6))
        self.pixels *= 1 - shadow * (cast * (1 - mask))[..., None]
        reach = np.clip(ndimage.distance_transform_edt(mask > 0.5) / (round * HEAD), 0, 1)
        height = np.sqrt(1 - (1 - reach) ** 2) * round * HEAD * 0.75
        height = ndimage.gaussian_filter(height, 2.5) + folds * 7 * FOLDS * reach
        if pleats:
            share = X / np.maximum(mask.sum(axis=1, keepdims=True) / (2 * HEAD), 0.1)
            deep = np.cos(np.pi * pleats * share + 0.5 * FOLDS) + 0.5 * np.cos(np.pi * 2.3 * pleats * share + 1.3)
            height += 3.4 * deep * reach * np.clip((Y - Y[mask > 0.5].min()) / 1.5, 0, 1)
        down, across = np.gradient(height)
        normal = np.stack([-across, -down, np.ones_like(down)], axis=-1)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        lit = np.clip(normal @ (LIGHT / np.linalg.norm(LIGHT)), 0, 1)
        rim = np.clip(normal[..., 0], 0, 1) * 0.16
        shade = (0.36 + 0.82 * lit + rim)[..., None]
        self.pixels = self.pixels * (1 - mask[..., None]) + cloth(X, Y) * shade * mask[..., None]

    def save(self, name: str) -> None:
        """Write the picture, with the fine grain of film, into the folder of the samples."""
        grained = np.clip(self.pixels + 0.006 * GRAIN[..., None], 0, 1)
        Image.fromarray(np.rint(grained * 255).astype(np.uint8)).save(
            Path(__file__).parents[1] / "samples" / name, quality=82, optimize=True
        )
