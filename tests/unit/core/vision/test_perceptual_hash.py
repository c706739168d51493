import io
import itertools

import pytest
from PIL import Image, ImageDraw

from core.images.decoding import decode_photo
from core.vision.perceptual_hash import HASH_LENGTH, is_duplicate, perceptual_hash
from tests.images import make_scene


def recompressed_hash(image: Image.Image, *, scale: float = 1.0, quality: int = 85) -> bytes:
    """The fingerprint after a messenger made the photo smaller and compressed it."""
    buffer = io.BytesIO()
    size = round(image.width * scale), round(image.height * scale)
    image.resize(size, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=quality)
    return perceptual_hash(decode_photo(buffer.getvalue()))


def mirror_selfie(dress: tuple[int, int, int]) -> Image.Image:
    """The same room, another dress."""
    photo = make_scene(600, 800, seed=3)
    ImageDraw.Draw(photo).rectangle((200, 200, 400, 600), fill=dress)
    return photo


PHOTOS = [make_scene(900, 1200, seed=1), mirror_selfie((180, 30, 40)), Image.new("RGB", (500, 700), "white")]


@pytest.mark.parametrize("scale", [1.0, 0.6, 0.25])
@pytest.mark.parametrize("quality", [95, 75, 40])
@pytest.mark.parametrize(
    "photo", [make_scene(900, 1200, seed=1), mirror_selfie((180, 30, 40)), Image.new("RGB", (500, 700), "white")]
)
def test_recompressed_photo_is_a_duplicate(photo: Image.Image, scale: float, quality: int) -> None:
    original = perceptual_hash(photo)
    assert len(original) == HASH_LENGTH
    assert is_duplicate(original, recompressed_hash(photo, scale=scale, quality=quality))


def test_different_photos_are_no_duplicates() -> None:
    hashes = [perceptual_hash(make_scene(300, 400, seed=seed)) for seed in range(8)]
    assert not any(is_duplicate(first, second) for first, second in itertools.combinations(hashes, 2))


def test_another_dress_in_the_same_mirror_is_no_duplicate() -> None:
    # Red and blue of the same lightness: only the colors differ.
    red, blue = mirror_selfie((160, 40, 40)), mirror_selfie((40, 70, 200))
    assert not is_duplicate(perceptual_hash(red), perceptual_hash(blue))


def test_uniform_images_of_different_colors_are_no_duplicates() -> None:
    walls = [perceptual_hash(Image.new("RGB", (300, 400), color)) for color in ("white", "black")]
    assert not is_duplicate(*walls)
