"""What a decoded image shows."""

from typing import Any

import pytest
from PIL import Image

from core.images.decoding import decode_photo
from tests import images

LOSS = 12
"""What a lossy codec may change in a plain area, 0 to 255."""
QUADRANT_NAMES = ("top left", "top right", "bottom left", "bottom right")


def find_wrong_quadrants(decoded: Image.Image, tolerance: int = LOSS) -> dict[str, Any]:
    """The quarters that lack the color which `images.make_quadrants` drew there, with the one they have."""
    width, height = decoded.size
    places = [(x, y) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    seen = zip(QUADRANT_NAMES, map(decoded.getpixel, places), images.QUADRANT_COLORS, strict=True)
    return {name: color for name, color, drawn in seen if color != pytest.approx(drawn, abs=tolerance)}


def center_color(data: bytes) -> Any:
    """RGB at the center of the image."""
    decoded = decode_photo(data)
    return decoded.getpixel((decoded.width // 2, decoded.height // 2))
