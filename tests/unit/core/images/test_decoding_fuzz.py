"""Fuzzing with damaged files: only photo errors are raised, and memory is bounded."""

import resource
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import PhotoError
from core.images.decoding import MAX_WORKING_SIDE, decode_photo
from tests import images

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

SCENE = images.make_scene(96, 72)
SAMPLES = {
    **{form: images.encode_image(SCENE, form) for form in images.PILLOW_FORMATS},
    "JPEG, progressive, EXIF": images.encode_image(SCENE, exif=images.phone_exif(6), progressive=True),
    "JPEG, restarts, ICC": images.encode_image(SCENE, restart_marker_rows=1, icc_profile=images.display_p3_profile()),
    "JPEG, CMYK": images.encode_image(SCENE.convert("CMYK")),
    "PNG, palette": images.encode_image(SCENE.quantize(64), "PNG", transparency=3),
    "WEBP, lossless, EXIF": images.encode_image(SCENE, "WEBP", lossless=True, exif=images.phone_exif(3)),
    "WEBP, animated": images.encode_image(SCENE, "WEBP", save_all=True, append_images=[SCENE.rotate(180)]),
    "TIFF, LZW": images.encode_image(SCENE, "TIFF", compression="tiff_lzw"),
    "TIFF, JPEG": images.encode_image(SCENE, "TIFF", compression="jpeg"),
}
ODD_BYTES = (
    b"\0",
    b"\x01",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xff\xff",
    b"\xff\xd9",
    b"\x7f\xff\xff\xff",
    b"\0\0\0\0",
)
MAX_MEGABYTES = 400
"""A damaged file of a few kB may claim 16 megapixels: 64 MB of pixels, and as much again inside a decoder."""


@st.composite
def damaged_files(draw: st.DrawFn, sample: bytes) -> bytes:
    """A file with one to four faults; half of them within the first 200 bytes, where sizes and places are."""
    data = bytearray(sample)
    donors = st.sampled_from(sorted(SAMPLES.values()))
    for _ in range(draw(st.integers(1, 4))):
        reach = draw(st.sampled_from((200, len(data))))
        at = draw(st.integers(0, max(0, min(reach, len(data)) - 1)))
        match draw(st.sampled_from(("flip", "flip", "odd", "odd", "random", "cut", "drop", "repeat", "splice"))):
            case "flip" if data:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "odd":
                odd = draw(st.sampled_from(ODD_BYTES))
                data[at : at + len(odd)] = odd
            case "random":
                noise = draw(st.binary(min_size=1, max_size=8))
                data[at : at + len(noise)] = noise
            case "cut":
                del data[at:]
            case "drop":
                del data[at : at + draw(st.integers(1, 300))]
            case "repeat":
                data[at:at] = data[at : at + draw(st.integers(1, 300))]
            case "splice":
                donor = draw(donors)
                start = draw(st.integers(0, len(donor) - 1))
                data[at:at] = donor[start : start + draw(st.integers(1, 300))]
    return images.fix_png_checksums(bytes(data)) if draw(st.booleans()) else bytes(data)


@pytest.mark.parametrize("name", SAMPLES)
def test_damaged_file_gives_an_image_or_a_photo_error(name: str) -> None:
    before = peak_megabytes()
    decoded_sizes = []

    @settings(
        max_examples=300,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged_files(SAMPLES[name]))
    def read(data: bytes) -> None:
        try:
            decoded = decode_photo(data)
        except PhotoError:
            return
        assert decoded.mode == "RGB"
        assert max(decoded.size) <= MAX_WORKING_SIDE
        assert not decoded.info
        decoded_sizes.append(decoded.size)

    read()
    assert decoded_sizes, "no file survived: the damage is too heavy to reach the decoders"
    assert peak_megabytes() - before < MAX_MEGABYTES


def peak_megabytes() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
