"""Data augmentation that keeps the outfit recognizable: crop, flip, stretch, lighting, blur, erasing, background."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from scipy import ndimage

MIN_CROP_SHARE = 0.62
"""Smallest crop, as a share of each side."""
MAX_FLAT_DEVIATION = 14
"""Largest difference from the border's color, per channel of 255, that counts as flat background."""
REPLACE_SHARE = 0.6
"""Share of photos on a flat background that get another one: the network must not learn that white means a shop."""


def augment(image: Image.Image, rng: Generator) -> Image.Image:
    """Return a randomly changed RGB image of the same outfit, never upside down or cropped beyond recognition."""
    mask = flat_background(image)
    if mask is not None and rng.random() < REPLACE_SHARE:
        image = replace_background(image, mask, rng)
    image = _random_crop(image, rng)
    if rng.random() < 0.5:
        image = ImageOps.mirror(image)
    if rng.random() < 0.3:
        width = max(1, round(image.width * rng.uniform(0.85, 1.18)))
        image = image.resize((width, image.height), Image.Resampling.BILINEAR)
    image = _adjust_lighting(image, rng)
    if rng.random() < 0.1:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.4, 1.4))))
    if rng.random() < 0.25:
        image = _random_erase(image, rng)
    return image


def flat_background(image: Image.Image) -> NDArray[np.bool_] | None:
    """Find the flat background of a cut-out or a shop photo.

    Returns:
        height x width, True on the background; None if most of the border does not have one color.
    """
    pixels = np.asarray(image).astype(np.int16)
    border = np.concatenate([pixels[0], pixels[:, 0], pixels[:, -1]])
    color = np.median(border, axis=0)
    if np.mean(np.abs(border - color).max(axis=1) <= MAX_FLAT_DEVIATION) < 0.75:
        return None
    is_similar = np.abs(pixels - color).max(axis=2) <= MAX_FLAT_DEVIATION
    labels, _ = ndimage.label(is_similar)
    touching = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    mask = np.isin(labels, touching[touching > 0])
    return mask if 0.15 < mask.mean() < 0.92 else None


def replace_background(image: Image.Image, mask: NDArray[np.bool_], rng: Generator) -> Image.Image:
    """Replace the background by a gradient between two colors with a little texture."""
    height, width = mask.shape
    ends = rng.uniform(20, 245, (2, 1, 1, 3))
    slope = np.linspace(0, 1, height if rng.random() < 0.7 else width)
    ramp = slope[:, None, None] if slope.size == height else slope[None, :, None]
    coarse = rng.normal(0, rng.uniform(2, 26), (max(2, height // 24), max(2, width // 24), 3))
    texture = ndimage.zoom(coarse, (height / coarse.shape[0], width / coarse.shape[1], 1), order=1)
    background = np.clip(ends[0] * (1 - ramp) + ends[1] * ramp + texture[:height, :width], 0, 255).astype(np.uint8)
    keep = Image.fromarray(np.where(mask, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))
    return Image.composite(image, Image.fromarray(background), keep)


def _random_crop(image: Image.Image, rng: Generator) -> Image.Image:
    width = round(image.width * rng.uniform(MIN_CROP_SHARE, 1))
    height = round(image.height * rng.uniform(MIN_CROP_SHARE, 1))
    left, top = int(rng.integers(0, image.width - width + 1)), int(rng.integers(0, image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _adjust_lighting(image: Image.Image, rng: Generator) -> Image.Image:
    image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.75, 1.25))
    image = ImageEnhance.Contrast(image).enhance(rng.uniform(0.75, 1.25))
    saturation = 0.0 if rng.random() < 0.05 else rng.uniform(0.7, 1.3)
    return ImageEnhance.Color(image).enhance(saturation)


def _random_erase(image: Image.Image, rng: Generator) -> Image.Image:
    width, height = (max(1, round(side * rng.uniform(0.1, 0.35))) for side in image.size)
    left, top = int(rng.integers(0, image.width - width + 1)), int(rng.integers(0, image.height - height + 1))
    image = image.copy()
    color: tuple[int, ...] = tuple(int(value) for value in rng.integers(0, 256, 3))
    image.paste(color, (left, top, left + width, top + height))
    return image
