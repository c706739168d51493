"""Decoding of photos to one upright RGB image."""

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from core.errors import (
    NotAnImageError,
)
from core.images.color_space import flatten_on_white, to_averageable_mode
from core.images.decoding import MAX_WORKING_SIDE, decode_photo
from core.images.formats import detect_format
from tests import images
from tests.unit.core.images.checks import center_color, find_wrong_quadrants

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


class TestFormats:
    @pytest.mark.parametrize("form", images.PILLOW_FORMATS)
    def test_format_is_detected_by_content(self, form: str) -> None:
        data = images.encode_image(images.make_quadrants(120, 80), form)
        assert detect_format(data) == form
        decoded = decode_photo(data)
        assert (decoded.mode, decoded.size) == ("RGB", (120, 80))
        assert find_wrong_quadrants(decoded) == {}

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
        assert find_wrong_quadrants(decode_photo(images.encode_image(images.make_quadrants(), **options))) == {}

    @pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
    def test_compressed_tiff(self, compression: str) -> None:
        data = images.encode_image(images.make_quadrants(), "TIFF", compression=compression)
        assert find_wrong_quadrants(decode_photo(data)) == {}

    @pytest.mark.parametrize("form", ["GIF", "WEBP", "AVIF", "PNG", "TIFF", "HEIF"])
    def test_first_frame_of_an_animation_is_decoded(self, form: str) -> None:
        other = Image.new("RGB", (120, 80), "black")
        data = images.encode_image(images.make_quadrants(), form, save_all=True, append_images=[other])
        assert find_wrong_quadrants(decode_photo(data)) == {}

    def test_first_image_of_a_multi_picture_jpeg(self) -> None:
        """Phones add depth maps and second lenses this way; it is still a JPEG."""
        file = BytesIO()
        images.make_quadrants().save(file, "MPO", save_all=True, append_images=[Image.new("RGB", (120, 80))])
        decoded = decode_photo(file.getvalue())
        assert find_wrong_quadrants(decoded) == {}


class TestUpright:
    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_every_orientation(self, form: str, orientation: int) -> None:
        stored = images.apply_orientation(images.make_quadrants(120, 80), orientation)
        decoded = decode_photo(images.encode_image(stored, form, exif=images.phone_exif(orientation)))
        assert decoded.size == (120, 80)
        assert find_wrong_quadrants(decoded) == {}

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
        assert find_wrong_quadrants(decode_photo(images.encode_image(images.make_quadrants(), form, exif=exif))) == {}


class TestAlpha:
    """Transparent pixels are blended with white."""

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
        assert find_wrong_quadrants(decoded) == {}

    def test_every_pixel_is_the_mean_of_a_square(self) -> None:
        """A large image is converted strip by strip; no seam shows."""
        large = images.make_scene(4000, 1501)
        small = decode_photo(images.encode_image(large, "PNG", compress_level=1))
        assert small.tobytes() == large.reduce(4).tobytes()

    def test_small_image_keeps_its_size(self) -> None:
        assert decode_photo(images.encode_image(images.make_quadrants(1280, 720))).size == (1280, 720)

    @pytest.mark.parametrize("progressive", [False, True])
    def test_an_eighth_of_a_huge_jpeg(self, progressive: bool) -> None:
        data = images.encode_image(images.make_quadrants(8000, 1700), progressive=progressive)
        decoded = decode_photo(data)
        assert decoded.size == (1000, 213)
        assert find_wrong_quadrants(decoded) == {}

    def test_progressive_jpeg_equals_baseline_jpeg(self) -> None:
        large = images.make_scene(500, 120).resize((8000, 1920), Image.Resampling.BICUBIC)
        baseline = np.asarray(decode_photo(images.encode_image(large, quality=90)), np.int16)
        progressive = np.asarray(decode_photo(images.encode_image(large, quality=90, progressive=True)), np.int16)
        assert np.abs(baseline - progressive).mean() < 3
