import numpy as np
from PIL import Image, ImageDraw

from core.training.augmentation import MIN_CROP_SHARE, augment, flat_background, replace_background


def person_on(color: tuple[int, int, int]) -> Image.Image:
    image = Image.new("RGB", (120, 200), color)
    ImageDraw.Draw(image).rectangle((40, 30, 80, 170), fill=(180, 30, 60))
    return image


def test_image_is_never_upside_down() -> None:
    image = Image.new("RGB", (200, 300), (20, 20, 20))
    image.paste((230, 230, 230), (0, 0, 200, 150))
    for seed in range(40):
        gray = np.asarray(augment(image, np.random.default_rng(seed)).convert("L"), np.float32)
        assert gray[: len(gray) // 4].mean() > gray[-len(gray) // 4 :].mean()


def test_crop_keeps_most_of_the_image() -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 200, 3), np.uint8))
    heights = [augment(image, np.random.default_rng(seed)).height for seed in range(40)]
    assert min(heights) >= MIN_CROP_SHARE * 300 - 1
    assert len(set(heights)) > 20


def test_augmentation_is_deterministic() -> None:
    image = person_on((255, 255, 255))
    first, again, other = (augment(image, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_flat_background_is_found_without_the_person() -> None:
    mask = flat_background(person_on((255, 255, 255)))
    assert mask is not None
    assert not mask[100, 60]
    assert mask[5, 5]
    assert mask[190, 110]


def test_textured_background_is_not_flat() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 120, 3), np.uint8)
    assert flat_background(Image.fromarray(noise)) is None


def test_replaced_background_keeps_the_person() -> None:
    image = person_on((255, 255, 255))
    mask = flat_background(image)
    assert mask is not None
    result = np.asarray(replace_background(image, mask, np.random.default_rng(5)))
    assert result[100, 60].tolist() == [180, 30, 60]
    assert (result[:20] != 255).any(axis=2).mean() > 0.9
