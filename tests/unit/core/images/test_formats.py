"""Which files are worth a look at their bytes."""

import pytest

from core.images.formats import SUFFIXES, ImageFormat, has_photo_suffix, may_be_photo


def test_every_format_has_suffixes() -> None:
    assert set(SUFFIXES) == set(ImageFormat)
    for suffixes in SUFFIXES.values():
        for suffix in suffixes:
            assert has_photo_suffix(f"look{suffix}")
            assert has_photo_suffix(f"LOOK{suffix.upper()} ")


@pytest.mark.parametrize("name", ["notes.txt", "jpg", ".jpg", "a.jpg.exe", "", "a.svg", "a.dng", "a.mp4"])
def test_other_names(name: str) -> None:
    assert not has_photo_suffix(name)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        (None, None),
        (None, "application/octet-stream"),
        ("", ""),
        ("photo", "application/octet-stream"),
        ("DSC0001.HIF", "application/octet-stream"),
        ("a.jfif", None),
        ("a.jpg ", "Application/Octet-Stream"),
        ("a.bin", "application/octet-stream"),
        ("photo.jpg_large", None),
        ("IMG.20261129", "binary/octet-stream"),
        ("a.jpg.download", ""),
        (None, "IMAGE/JPEG"),
        ("a.bin", "image/x-unknown"),
        ("a.jpg", " image/jpeg; charset=binary"),
    ],
)
def test_file_that_may_be_a_photo(name: str | None, media_type: str | None) -> None:
    assert may_be_photo(name, media_type)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.pdf", "application/octet-stream"),
        ("a.jpg", "video/mp4"),
        (None, "application/pdf"),
        ("a.ZIP ", None),
        ("a.txt", ""),
    ],
)
def test_file_that_is_no_photo(name: str | None, media_type: str | None) -> None:
    assert not may_be_photo(name, media_type)
