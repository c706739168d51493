"""Animations whose first frames show nothing."""

import pytest
from PIL import Image

from core.images.decoding import MAX_FRAMES, decode_photo
from tests import images
from tests.unit.core.images.checks import find_wrong_quadrants

SHOWN = images.make_quadrants()
WHITE = Image.new("RGB", SHOWN.size, "white")
BLACK = Image.new("RGB", SHOWN.size, (3, 2, 4))
CLEAR = Image.new("RGBA", SHOWN.size, (0, 0, 0, 0))
FORMS = ["GIF", "PNG", "WEBP", "AVIF"]
OPTIONS: dict[str, dict[str, object]] = {"WEBP": {"quality": 95}, "AVIF": {"quality": 95}}


def animation(form: str, *frames: Image.Image, **options: object) -> bytes:
    first, *others = frames
    return images.encode_image(
        first, form, save_all=True, append_images=others, duration=100, **OPTIONS.get(form, {}), **options
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("blank", [WHITE, BLACK], ids=["white", "black"])
def test_first_frame_that_shows_something_is_judged(form: str, blank: Image.Image) -> None:
    assert find_wrong_quadrants(decode_photo(animation(form, blank, SHOWN, BLACK))) == {}
    assert find_wrong_quadrants(decode_photo(animation(form, blank, blank.point(lambda value: value ^ 1), SHOWN))) == {}


@pytest.mark.parametrize("form", FORMS)
def test_transparent_frame_shows_nothing(form: str) -> None:
    assert find_wrong_quadrants(decode_photo(animation(form, CLEAR, SHOWN.convert("RGBA")))) == {}


@pytest.mark.parametrize("form", FORMS)
def test_first_frame_is_judged_if_it_shows_something(form: str) -> None:
    assert find_wrong_quadrants(decode_photo(animation(form, SHOWN, WHITE, BLACK))) == {}


@pytest.mark.parametrize("form", FORMS)
def test_blank_animation_is_its_first_frame(form: str) -> None:
    image = decode_photo(animation(form, WHITE, BLACK))
    assert image.getpixel((60, 40)) in {(255, 255, 255), (254, 254, 254), (253, 253, 253)}


def test_image_of_a_png_that_is_no_frame_may_be_blank() -> None:
    assert find_wrong_quadrants(decode_photo(animation("PNG", WHITE, SHOWN, BLACK, default_image=True))) == {}


def test_frames_that_change_a_part_are_put_together() -> None:
    part = WHITE.copy()
    part.paste(SHOWN.crop((0, 0, 60, 40)), (0, 0))
    for form in ("GIF", "PNG", "WEBP"):
        image = decode_photo(animation(form, WHITE, part, SHOWN))
        assert image.size == SHOWN.size
        assert image.getpixel((90, 60)) in {(255, 255, 255), (254, 254, 254)}, "the frame after the blank one"
        red = image.getpixel((20, 20))
        assert isinstance(red, tuple)
        assert red[0] > 150
        assert red[1] < 80


@pytest.mark.parametrize("form", FORMS)
def test_damage_after_a_blank_frame_does_not_matter(form: str) -> None:
    data = animation(form, WHITE, SHOWN)
    broken = data[: len(data) - 40] + b"\x55" * 40 if form != "AVIF" else data
    assert decode_photo(broken).size == SHOWN.size


def test_frames_are_looked_at_up_to_a_limit() -> None:
    blanks = [Image.new("RGB", SHOWN.size, (number % 5, 0, number % 7)) for number in range(MAX_FRAMES + 5)]
    image = decode_photo(animation("GIF", *blanks, SHOWN))
    assert image.getpixel((60, 40)) != SHOWN.getpixel((60, 40))
