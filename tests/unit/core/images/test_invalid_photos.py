"""Limits, decompression bombs, other files and damaged photos."""

import struct
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from core.errors import (
    CorruptPhotoError,
    DecompressionBombError,
    EmptyPhotoError,
    NotAnImageError,
    PhotoAspectRatioError,
    PhotoTooLargeError,
    PhotoTooSmallError,
    TruncatedPhotoError,
)
from core.images.decoding import MAX_BYTES, decode_photo
from tests import images
from tests.unit.core.images.checks import center_color, find_wrong_quadrants

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


class TestLimits:
    def test_20_megabytes(self) -> None:
        data = images.encode_image(images.make_quadrants())
        assert find_wrong_quadrants(decode_photo(data.ljust(MAX_BYTES, b"\0"))) == {}
        with pytest.raises(PhotoTooLargeError):
            decode_photo(data.ljust(MAX_BYTES + 1, b"\0"))

    @pytest.mark.parametrize("size", [(8160, 6144), (8192, 6144), (8688, 5792), (9000, 6000)])
    def test_54_megapixels(self, size: tuple[int, int]) -> None:
        assert find_wrong_quadrants(decode_photo(images.encode_image(images.make_quadrants(*size)))) == {}

    def test_more_than_54_megapixels(self) -> None:
        with pytest.raises(PhotoTooLargeError):
            decode_photo(images.encode_image(images.make_quadrants(9000, 6001)))

    def test_32_megapixels_of_webp(self) -> None:
        data = images.encode_image(images.make_quadrants(6400, 5001), "WEBP", lossless=True, quality=0, method=0)
        with pytest.raises(PhotoTooLargeError):
            decode_photo(data + b"JUNK" + bytes(100_000))

    def test_64_pixels(self) -> None:
        assert decode_photo(images.encode_image(images.make_quadrants(64, 64), "PNG")).width == 64
        for size in ((63, 100), (100, 63), (1, 1)):
            with pytest.raises(PhotoTooSmallError):
                decode_photo(images.encode_image(images.make_quadrants(*size), "PNG"))

    def test_five_times_as_long_as_wide(self) -> None:
        assert decode_photo(images.encode_image(images.make_quadrants(500, 100))).width == 500
        for size in ((501, 100), (100, 501)):
            with pytest.raises(PhotoAspectRatioError):
                decode_photo(images.encode_image(images.make_quadrants(*size)))


def change_tiff_tags(data: bytes, changes: dict[int, tuple[int, int]]) -> bytes:
    """A little-endian TIFF in which some tags have become others: {tag: (new tag, new value)}."""
    changed = bytearray(data)
    (directory,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, directory)
    for at in range(directory + 2, directory + 2 + 12 * entries, 12):
        (tag,) = struct.unpack_from("<H", data, at)
        if tag in changes:
            new, value = changes.pop(tag)
            struct.pack_into("<HHII", changed, at, new, 4, 1, value)
    assert not changes, "a tag to be changed is missing"
    return bytes(changed)


class TestBombs:
    def claiming(self, data: bytes, width: int, height: int) -> bytes:
        """A PNG whose header announces another size than its pixels have."""
        return images.fix_png_checksums(data[:16] + struct.pack(">II", width, height) + data[24:])

    def test_declared_size_beyond_any_camera(self) -> None:
        for size in ((50_000, 50_000), (2**31 - 1, 2**31 - 1), (200_001, 1_000)):
            with pytest.raises(DecompressionBombError):
                decode_photo(self.claiming(images.encode_image(images.make_quadrants(), "PNG"), *size))

    @pytest.mark.parametrize("form", ["JPEG", "GIF", "BMP", "WEBP"])
    def test_declared_size_in_other_formats(self, form: str) -> None:
        order, side = {
            "JPEG": (">HH", 60_000),
            "GIF": ("<HH", 60_000),
            "BMP": ("<II", 60_000),
            "WEBP": ("<HH", 16_383),
        }[form]
        data = images.encode_image(images.make_quadrants(120, 120), form)
        honest = struct.pack(order, 120, 120)
        assert honest in data
        with pytest.raises(DecompressionBombError):
            decode_photo(data.replace(honest, struct.pack(order, side, side)))

    def test_declared_size_in_a_tiff(self) -> None:
        data = images.encode_image(images.make_quadrants(), "TIFF")
        with pytest.raises(DecompressionBombError):
            decode_photo(change_tiff_tags(data, {256: (256, 60_000), 257: (257, 60_000)}))

    def test_small_tiff_with_a_huge_tile(self) -> None:
        """Rows per strip and planes become the width and the height of a tile."""
        data = images.encode_image(images.make_quadrants(), "TIFF")
        with pytest.raises(DecompressionBombError):
            decode_photo(change_tiff_tags(data, {278: (322, 40_000), 284: (323, 40_000)}))

    def test_blank_megapixels_in_a_small_file(self) -> None:
        blank = Image.new("RGB", (7000, 7000))
        data = images.encode_image(blank, "WEBP", lossless=True)
        assert len(data) < 49_000
        with pytest.raises(DecompressionBombError):
            decode_photo(data)

    def test_jpeg_with_thousands_of_scans(self) -> None:
        data = images.encode_image(images.make_quadrants(), progressive=True)
        last = data.rindex(b"\xff\xda")
        with pytest.raises(DecompressionBombError):
            decode_photo(data[:last] + data[last:-2] * 1000 + b"\xff\xd9")


class TestUnsupportedFiles:
    def test_empty(self) -> None:
        with pytest.raises(EmptyPhotoError):
            decode_photo(b"")

    @pytest.mark.parametrize(
        "data",
        [
            b"<!DOCTYPE html><html><body>photo.jpg</body></html>",
            b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"/>',
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
            b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + b"\0" * 100,
            b"\0\0\0\x14ftypqt  \0\0\x02\0qt  " + b"\0" * 100,
            b"\x1aE\xdf\xa3" + b"\0" * 100,
            b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 100,
            b"PK\x03\x04" + b"\0" * 100,
            b"%!PS-Adobe-3.0 EPSF-3.0\n",
            b"P6 100 100 255\n" + b"\0" * 30_000,
            b"BM is how this letter begins, and it goes on for a while",
            b"what shall I wear today?",
            b"\xff\xd8",
            b" ",
            b"\0" * 1000,
        ],
    )
    def test_other_files(self, data: bytes) -> None:
        with pytest.raises(NotAnImageError):
            decode_photo(data)


SCENE = images.make_scene(160, 120)
WHOLE = {
    **{form: images.encode_image(SCENE, form) for form in images.PILLOW_FORMATS},
    "progressive JPEG": images.encode_image(SCENE, progressive=True),
    "JPEG with restarts": images.encode_image(SCENE, restart_marker_rows=1),
    "JPEG with EXIF": images.encode_image(SCENE, exif=images.phone_exif(6)),
    "lossless WEBP": images.encode_image(SCENE, "WEBP", lossless=True),
    "LZW TIFF": images.encode_image(SCENE, "TIFF", compression="tiff_lzw"),
    "JPEG TIFF": images.encode_image(SCENE, "TIFF", compression="jpeg"),
}


class TestDamage:
    @pytest.mark.parametrize("name", WHOLE)
    @pytest.mark.parametrize("percent", [5, 20, 40, 60, 80, 97])
    def test_truncated(self, name: str, percent: int) -> None:
        data = WHOLE[name]
        # libtiff reports missing strips of compressed pixels as damage.
        error = (TruncatedPhotoError, CorruptPhotoError) if name in ("LZW TIFF", "JPEG TIFF") else TruncatedPhotoError
        with pytest.raises(error):
            decode_photo(data[: len(data) * percent // 100])

    @pytest.mark.parametrize("padding", [b"", b"\0" * 5000])
    @pytest.mark.parametrize("name", ["JPEG", "progressive JPEG", "JPEG with restarts", "JPEG with EXIF"])
    def test_jpeg_that_lacks_only_its_end_marker_is_complete(self, name: str, padding: bytes) -> None:
        data = WHOLE[name]
        image = decode_photo(data.removesuffix(b"\xff\xd9") + padding)
        assert image.tobytes() == decode_photo(data).tobytes()

    @pytest.mark.parametrize("end", [b"", b"\xff\xd9", b"\0" * 5000])
    def test_truncated_cmyk_jpeg(self, end: bytes) -> None:
        data = images.encode_image(SCENE.convert("CMYK"))
        with pytest.raises(TruncatedPhotoError):
            decode_photo(data[: len(data) // 2] + end)

    @pytest.mark.parametrize(
        ("name", "percent"),
        [
            *((name, percent) for name in ("JPEG", "JPEG with restarts", "JPEG with EXIF") for percent in (30, 60, 90)),
            # Later than that every block of a progressive JPEG has come, and only fine detail is missing.
            ("progressive JPEG", 10),
        ],
    )
    def test_truncated_jpeg_with_an_end_marker(self, name: str, percent: int) -> None:
        data = WHOLE[name]
        with pytest.raises(TruncatedPhotoError):
            decode_photo(data[: len(data) * percent // 100] + b"\xff\xd9")

    @pytest.mark.parametrize("progressive", [False, True])
    def test_truncated_large_jpeg(self, progressive: bool) -> None:
        data = images.encode_image(images.make_quadrants(8000, 1700), progressive=progressive)
        for percent in (30, 90):
            with pytest.raises(TruncatedPhotoError):
                decode_photo(data[: len(data) * percent // 100])

    @pytest.mark.parametrize("progressive", [False, True])
    @pytest.mark.parametrize("mode", ["RGB", "L"])
    def test_uniform_gray_image_is_not_truncated(self, progressive: bool, mode: str) -> None:
        data = images.encode_image(Image.new(mode, (200, 100), "#808080"), progressive=progressive)
        assert center_color(data) == (128, 128, 128)

    @pytest.mark.parametrize(
        ("name", "mark", "skip"),
        [
            ("JPEG", b"\xff\xdb", 4),
            ("progressive JPEG", b"\xff\xc4", 4),
            ("PNG", b"IDAT", 4),
            ("WEBP", b"VP8 ", 8),
            ("lossless WEBP", b"VP8L", 13),
            ("GIF", struct.pack("<HH", 160, 120) + b"\x40", 5),
            ("LZW TIFF", b"II*\0", 8),
            ("JPEG TIFF", b"II*\0", 8),
            ("HEIF", b"mdat", 4),
            ("AVIF", b"mdat", 4),
        ],
    )
    def test_corrupt(self, name: str, mark: bytes, skip: int) -> None:
        """The file keeps its length, but 40 bytes at the start of its tables or pixels are overwritten."""
        data = WHOLE[name]
        start = data.rindex(mark) + skip
        with pytest.raises(CorruptPhotoError):
            decode_photo(data[:start] + b"\x77" * 40 + data[start + 40 :])


def test_threads_decode_the_same_images() -> None:
    files = list(WHOLE.values()) * 4
    alone = [decode_photo(data).tobytes() for data in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda data: decode_photo(data).tobytes(), files))
    assert alone == together
