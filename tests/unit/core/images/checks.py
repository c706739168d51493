"""What a decoded image shows."""

from typing import Any

import pytest
from PIL import Image

from core.images.decoding import decode_photo
from tests import images

LOSS = 12
"""What a lossy codec may change in a plain area, 0 to 255."""


def assert_shows_quadrants(decoded: Image.Image, tolerance: int = LOSS) -> None:
    """Each quarter of the image has the color that `images.make_quadrants` drew there."""
    width, height = decoded.size
    places = [(x, y) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    seen = [decoded.getpixel(place) for place in places]
    assert seen == [pytest.approx(color, abs=tolerance) for color in images.QUADRANT_COLORS]


def center_color(data: bytes) -> Any:
    """RGB at the center of the image."""
    decoded = decode_photo(data)
    return decoded.getpixel((decoded.width // 2, decoded.height // 2))
