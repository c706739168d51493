"""Decoding of untrusted bytes to one upright RGB image, or a photo error."""

import struct
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

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
from core.images.color import flatten_on_white, to_averageable_mode
from core.images.decoding import MAX_BYTES, MAX_WORKING_SIDE, decode_photo
from core.images.formats import detect_format
from tests import images

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
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


class TestFormats:
    @pytest.mark.parametrize("form", images.PILLOW_FORMATS)
    def test_format_is_detected_by_content(self, form: str) -> None:
        data = images.encode_image(images.make_quadrants(120, 80), form)
        assert detect_format(data) == form
        decoded = decode_photo(data)
        assert (decoded.mode, decoded.size) == ("RGB", (120, 80))
        assert_shows_quadrants(decoded)

    @pytest.mark.parametrize(
        "options",
        [
            {"progressive": True},
            {"subsampling": "4:4:4"},
            {"subsampling": "4:2:2"},
            {"optimize": True},
            {"restart_marker_rows": 1},
            {"keep_rgb": True},
        ],
    )
    def test_jpeg_variants(self, options: dict[str, Any]) -> None:
        assert_shows_quadrants(decode_photo(images.encode_image(images.make_quadrants(), **options)))

    @pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
    def test_compressed_tiff(self, compression: str) -> None:
        assert_shows_quadrants(
            decode_photo(images.encode_image(images.make_quadrants(), "TIFF", compression=compression))
        )

    @pytest.mark.parametrize("form", ["GIF", "WEBP", "AVIF", "PNG", "TIFF", "HEIF"])
    def test_first_frame_of_an_animation_is_decoded(self, form: str) -> None:
        other = Image.new("RGB", (120, 80), "black")
        assert_shows_quadrants(
            decode_photo(images.encode_image(images.make_quadrants(), form, save_all=True, append_images=[other]))
        )

    def test_first_image_of_a_multi_picture_jpeg(self) -> None:
        """Phones add depth maps and second lenses this way; it is still a JPEG."""
        file = BytesIO()
        images.make_quadrants().save(file, "MPO", save_all=True, append_images=[Image.new("RGB", (120, 80))])
        decoded = decode_photo(file.getvalue())
        assert_shows_quadrants(decoded)


class TestUpright:
    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_every_orientation(self, form: str, orientation: int) -> None:
        stored = images.apply_orientation(images.make_quadrants(120, 80), orientation)
        decoded = decode_photo(images.encode_image(stored, form, exif=images.phone_exif(orientation)))
        assert decoded.size == (120, 80)
        assert_shows_quadrants(decoded)

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize(
        "exif",
        [
            b"Exif\0\0",
            b"Exif\0\0nonsense",
            b"Exif\0\0MM\0*",
            images.phone_exif(6)[:20],
            images.phone_exif(6).replace(struct.pack(">HHI", 0x0112, 3, 1), struct.pack(">HHI", 0x0112, 1, 1)),
            images.phone_exif(77),
        ],
    )
    def test_damaged_exif_is_ignored(self, form: str, exif: bytes) -> None:
        assert_shows_quadrants(decode_photo(images.encode_image(images.make_quadrants(), form, exif=exif)))


class TestAlpha:
    """Whatever is transparent lies on white."""

    def half(self, mode: str, color: Any) -> Image.Image:
        image = Image.new(mode, (100, 100), color)
        image.putalpha(128)
        return image

    @pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
    def test_half_transparent_color(self, form: str) -> None:
        data = images.encode_image(self.half("RGB", (200, 0, 0)), form)
        assert center_color(data) == pytest.approx((227, 127, 127), abs=5)

    def test_half_transparent_gray(self) -> None:
        assert center_color(images.encode_image(self.half("L", 0), "PNG")) == pytest.approx((127, 127, 127), abs=1)

    @pytest.mark.parametrize("form", ["PNG", "GIF"])
    def test_transparent_color_of_a_palette(self, form: str) -> None:
        image = Image.new("P", (100, 100), 1)
        image.putpalette([10, 20, 30, 40, 50, 60])
        assert center_color(images.encode_image(image, form)) == (40, 50, 60)
        assert center_color(images.encode_image(image, form, transparency=1)) == (255, 255, 255)

    def test_alpha_per_color_of_a_palette(self) -> None:
        image = Image.new("P", (100, 100), 1)
        image.putpalette([10, 20, 30, 0, 0, 0])
        data = images.encode_image(image, "PNG", transparency=bytes((255, 128)))
        assert center_color(data) == pytest.approx((127, 127, 127), abs=1)

    @pytest.mark.parametrize(("mode", "color"), [("RGB", (7, 8, 9)), ("L", 7)])
    def test_one_color_declared_transparent(self, mode: str, color: Any) -> None:
        data = images.encode_image(Image.new(mode, (100, 100), color), "PNG", transparency=color)
        assert center_color(data) == (255, 255, 255)

    def test_palette_with_an_alpha_channel(self) -> None:
        image = Image.new("PA", (100, 100), (0, 128))
        image.putpalette([0, 0, 0])
        assert flatten_on_white(to_averageable_mode(image)).getpixel((50, 50)) == pytest.approx((127, 127, 127), abs=1)

    def test_invisible_pixels_do_not_bleed_into_visible_ones(self) -> None:
        """Invisible pixels have a color too; it must not bleed into the visible ones."""
        image = Image.new("RGBA", (4000, 1000), (0, 255, 0, 0))
        image.paste((255, 255, 255, 255), (0, 0, 1999, 1000))
        decoded = decode_photo(images.encode_image(image, "PNG", compress_level=1))
        assert decoded.getextrema() == ((255, 255), (255, 255), (255, 255))


class TestPixelModes:
    @pytest.mark.parametrize(("form", "tolerance"), [("JPEG", 4), ("TIFF", 0)])
    def test_cmyk(self, form: str, tolerance: int) -> None:
        data = images.encode_image(Image.new("CMYK", (100, 100), (255, 0, 0, 51)), form)
        assert center_color(data) == pytest.approx((0, 204, 204), abs=tolerance)

    def test_cmyk_jpeg_of_adobe_is_stored_inverted(self) -> None:
        data = images.encode_image(Image.new("CMYK", (100, 100), (0, 0, 0, 0)))
        assert b"Adobe" in data
        assert center_color(data) == (255, 255, 255)

    @pytest.mark.parametrize("form", ["PNG", "TIFF"])
    def test_16_bit_gray(self, form: str) -> None:
        gray = Image.fromarray(np.full((100, 100), 0x8040, np.uint16))
        assert center_color(images.encode_image(gray, form)) == (0x80, 0x80, 0x80)

    def test_16_bit_color(self) -> None:
        pixels = np.full((100, 100, 3), (0x10FF, 0x8000, 0xFFFF), np.uint16)
        assert center_color(images.encode_png_16_bit(pixels)) == pytest.approx((0x10, 0x80, 0xFF), abs=1)

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF"])
    def test_gray(self, form: str) -> None:
        assert center_color(images.encode_image(Image.new("L", (100, 100), 77), form)) == pytest.approx(
            (77,) * 3, abs=2
        )

    @pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
    def test_one_bit(self, form: str) -> None:
        assert center_color(images.encode_image(Image.new("1", (100, 100), 1), form)) == (255, 255, 255)
        assert center_color(images.encode_image(Image.new("1", (100, 100), 0), form)) == (0, 0, 0)

    def test_floating_point_pixels_are_rejected(self) -> None:
        with pytest.raises(NotAnImageError):
            decode_photo(images.encode_image(Image.new("F", (100, 100), 0.5), "TIFF"))


class TestColorManagement:
    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
    def test_wide_gamut_profile_is_converted_to_srgb(self, form: str) -> None:
        """Display P3's (200, 100, 50) is sRGB's (215, 93, 31), by the matrices of both and the sRGB curve."""
        data = images.encode_image(
            Image.new("RGB", (96, 96), (200, 100, 50)), form, icc_profile=images.display_p3_profile()
        )
        assert center_color(data) == pytest.approx((215, 93, 31), abs=4)

    def test_srgb_profile_changes_nothing(self) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        data = images.encode_image(Image.new("RGB", (96, 96), (200, 100, 50)), "PNG", icc_profile=profile)
        assert center_color(data) == (200, 100, 50)

    @pytest.mark.parametrize("profile", [b"nonsense", images.display_p3_profile()[:300], b"\0" * 500])
    def test_broken_profile_is_ignored(self, profile: bytes) -> None:
        data = images.encode_image(Image.new("RGB", (96, 96), (200, 100, 50)), "PNG", icc_profile=profile)
        assert center_color(data) == (200, 100, 50)

    def test_profile_of_another_mode_is_ignored(self) -> None:
        data = images.encode_image(Image.new("L", (96, 96), 90), "PNG", icc_profile=images.display_p3_profile())
        assert center_color(data) == (90, 90, 90)


class TestMetadata:
    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
    def test_metadata_is_dropped(self, form: str) -> None:
        decoded = decode_photo(
            images.encode_image(
                images.make_quadrants(),
                form,
                exif=images.phone_exif(),
                icc_profile=images.display_p3_profile(),
                dpi=(72, 72),
            )
        )
        assert type(decoded) is Image.Image
        assert decoded.info == {}
        assert dict(decoded.getexif()) == {}
        assert b"PhoneOfNobody" not in images.encode_image(decoded)

    def test_text_chunks_are_dropped(self) -> None:
        note = PngImagePlugin.PngInfo()
        note.add_text("Author", "Nobody")
        assert decode_photo(images.encode_image(images.make_quadrants(), "PNG", pnginfo=note)).info == {}
        assert decode_photo(images.encode_image(images.make_quadrants(), "JPEG", comment="Nobody")).info == {}


class TestScale:
    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "GIF"])
    @pytest.mark.parametrize("size", [(4000, 1501), (1201, 1999)])
    def test_large_image_is_downscaled_as_a_whole(self, form: str, size: tuple[int, int]) -> None:
        decoded = decode_photo(images.encode_image(images.make_quadrants(*size), form))
        long, wanted = max(decoded.size), max(size)
        assert MAX_WORKING_SIDE / 2 <= long <= MAX_WORKING_SIDE
        assert min(decoded.size) / long == pytest.approx(min(size) / wanted, rel=0.01)
        assert_shows_quadrants(decoded)

    def test_every_pixel_is_the_mean_of_a_square(self) -> None:
        """A large image is converted strip by strip; no seam shows."""
        large = images.make_scene(4000, 1501)
        small = decode_photo(images.encode_image(large, "PNG", compress_level=1))
        assert small.tobytes() == large.reduce(4).tobytes()

    def test_small_image_keeps_its_size(self) -> None:
        assert decode_photo(images.encode_image(images.make_quadrants(1280, 720))).size == (1280, 720)

    @pytest.mark.parametrize("side", [320, 640, 1280])
    def test_caller_can_limit_the_side(self, side: int) -> None:
        for form in ("JPEG", "PNG"):
            decoded = decode_photo(images.encode_image(images.make_quadrants(5000, 1200), form), side=side)
            assert side / 2 <= max(decoded.size) <= side
            assert_shows_quadrants(decoded)

    @pytest.mark.parametrize("progressive", [False, True])
    def test_an_eighth_of_a_huge_jpeg(self, progressive: bool) -> None:
        data = images.encode_image(images.make_quadrants(8000, 1700), progressive=progressive)
        decoded = decode_photo(data)
        assert decoded.size == (1000, 213)
        assert_shows_quadrants(decoded)

    def test_progressive_jpeg_equals_baseline_jpeg(self) -> None:
        large = images.make_scene(500, 120).resize((8000, 1920), Image.Resampling.BICUBIC)
        baseline = np.asarray(decode_photo(images.encode_image(large, quality=90)), np.int16)
        progressive = np.asarray(decode_photo(images.encode_image(large, quality=90, progressive=True)), np.int16)
        assert np.abs(baseline - progressive).mean() < 3


class TestLimits:
    def test_20_megabytes(self) -> None:
        data = images.encode_image(images.make_quadrants())
        assert_shows_quadrants(decode_photo(data.ljust(MAX_BYTES, b"\0")))
        with pytest.raises(PhotoTooLargeError):
            decode_photo(data.ljust(MAX_BYTES + 1, b"\0"))

    def test_50_megapixels(self) -> None:
        assert_shows_quadrants(decode_photo(images.encode_image(images.make_quadrants(10000, 5000))))
        with pytest.raises(PhotoTooLargeError):
            decode_photo(images.encode_image(images.make_quadrants(10000, 5001)))

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
    @pytest.mark.parametrize("name", ["JPEG", "JPEG with restarts", "JPEG with EXIF"])
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
