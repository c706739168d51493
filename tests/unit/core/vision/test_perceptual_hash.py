import io

import pytest
from PIL import Image, ImageDraw

from core.images.decoding import decode_photo
from core.vision.perceptual_hash import HASH_LENGTH, find_duplicate, perceptual_hash
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
@pytest.mark.parametrize("photo", PHOTOS)
def test_recompressed_photo_is_a_duplicate(photo: Image.Image, scale: float, quality: int) -> None:
    original = perceptual_hash(photo)
    assert len(original) == HASH_LENGTH
    assert find_duplicate(original, [recompressed_hash(photo, scale=scale, quality=quality)]) == 0


def test_different_photos_are_no_duplicates() -> None:
    hashes = [perceptual_hash(make_scene(300, 400, seed=seed)) for seed in range(8)]
    assert all(find_duplicate(photo, hashes[:number]) is None for number, photo in enumerate(hashes))
    assert [find_duplicate(photo, hashes) for photo in hashes] == list(range(8))


def test_another_dress_in_the_same_mirror_is_no_duplicate() -> None:
    # Red and blue of the same lightness: only the colors differ.
    red, blue = mirror_selfie((160, 40, 40)), mirror_selfie((40, 70, 200))
    assert find_duplicate(perceptual_hash(red), [perceptual_hash(blue)]) is None


def test_uniform_images_of_different_colors_are_no_duplicates() -> None:
    white, black = (perceptual_hash(Image.new("RGB", (300, 400), color)) for color in ("white", "black"))
    assert find_duplicate(white, [black]) is None


def test_first_of_equal_photos_is_found() -> None:
    photo, other = perceptual_hash(PHOTOS[0]), perceptual_hash(PHOTOS[1])
    assert find_duplicate(photo, [other, photo, photo]) == 1
    assert find_duplicate(photo, []) is None
