"""Images for tests, drawn in memory, in every format that Eva reads."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageCms
from pillow_heif import HeifImageFile, register_heif_opener

register_heif_opener()

PILLOW_FORMATS = {
    "JPEG": "JPEG",
    "PNG": "PNG",
    "WEBP": "WEBP",
    "GIF": "GIF",
    "BMP": "BMP",
    "TIFF": "TIFF",
    "HEIF": HeifImageFile.format,
    "AVIF": "AVIF",
}
"""Name of a format for Eva -> name for Pillow's `save`."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

QUADRANT_COLORS = ((200, 30, 30), (30, 160, 40), (40, 60, 200), (220, 200, 60))
"""RGB of the quarters of `make_quadrants`: top left, top right, bottom left, bottom right."""


def make_quadrants(width: int = 120, height: int = 80) -> Image.Image:
    """Four quarters of different colors, which show the orientation of an image and survive every codec."""
    image = Image.new("RGB", (width, height))
    for index, color in enumerate(QUADRANT_COLORS):
        left, top = index % 2 * (width // 2), index // 2 * (height // 2)
        image.paste(color, (left, top, left + width - width // 2, top + height - height // 2))
    return image


def make_scene(width: int, height: int, *, grain: float = 5.0, seed: int = 0) -> Image.Image:
    """Structure at every scale plus noise; compresses about as well as a photo of the same size."""
    rng = np.random.default_rng(seed)
    pixels = np.full((height, width, 3), 128, np.float32)
    for octave in range(2, 12):
        cells = 2**octave
        if cells > max(width, height):
            break
        size = max(2, width * cells // max(width, height)), max(2, height * cells // max(width, height))
        for channel in range(3):
            coarse = rng.normal(scale=60 / octave**1.5, size=(size[1], size[0])).astype(np.float32)
            pixels[..., channel] += np.asarray(
                Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
            )
    pixels += rng.standard_normal((height, width, 1), np.float32) * np.float32(grain)
    return Image.fromarray(pixels.clip(0, 255, out=pixels).astype(np.uint8))


def encode_image(image: Image.Image, format_name: str = "JPEG", **options: Any) -> bytes:
    """The image as a file of one of `PILLOW_FORMATS`; `options` are passed to Pillow's `save`."""
    file = BytesIO()
    image.save(file, PILLOW_FORMATS[format_name], **options)
    return file.getvalue()


def phone_exif(orientation: int = 1) -> bytes:
    """EXIF as a phone writes it: orientation, camera, time and the place where the photo was taken."""
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    tags[ExifTags.Base.Model] = "PhoneOfNobody"
    tags[ExifTags.Base.DateTime] = "2020:02:02 20:20:20"
    tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (37.0, 33.0, 59.0)
    return tags.tobytes()


def apply_orientation(image: Image.Image, orientation: int) -> Image.Image:
    """The pixels as a rotated camera stores them; upright only with this EXIF orientation."""
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    return image.copy() if undo is None else image.transpose(undo)


def encode_png_16_bit(pixels: np.ndarray[Any, np.dtype[np.uint16]]) -> bytes:
    """A PNG of height x width x 3 values of 16 bits, which Pillow itself cannot write."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    unsigned = b"".join(struct.pack(">I", len(content)) + name + content + b"\0" * 4 for name, content in chunks)
    return fix_png_checksums(PNG_SIGNATURE + unsigned)


def fix_png_checksums(data: bytes) -> bytes:
    """A PNG with correct checksums of all chunks, so that readers accept it; other formats unchanged."""
    if not data.startswith(PNG_SIGNATURE):
        return data
    fixed, at = bytearray(data), len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        fixed[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4, "big") if end + 4 <= len(data) else b""
        at = end + 4
    return bytes(fixed)


def display_p3_profile() -> bytes:
    """An ICC profile with the primaries of Display P3 (D50-adapted) and the tone curve of sRGB."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = {
        b"rXYZ": (0.5151, 0.2412, -0.0011),
        b"gXYZ": (0.2919, 0.6922, 0.0419),
        b"bXYZ": (0.1572, 0.0666, 0.7841),
    }
    (tags,) = struct.unpack_from(">I", profile, 128)
    for at in range(132, 132 + 12 * tags, 12):
        name, place, _ = struct.unpack_from(">4sII", profile, at)
        if name in primaries:
            struct.pack_into(">3i", profile, place + 8, *(round(value * 65536) for value in primaries[name]))
    return bytes(profile)
