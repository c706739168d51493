"""Cost of decoding a photo, by size and kind of JPEG: `python -m benchmarks.decoding`.

The photos are drawn: structure at every scale plus grain, at the qualities of phones. Measured is the processor time of
one thread, the best of several runs, of `decode_photo`; to compare with, decoding every pixel and resizing to 1280 px.

A baseline JPEG has no index: all of its Huffman code is read even if an eighth of the resolution is wanted, which is
about half the work of decoding it in full.
"""

import time
from collections.abc import Callable
from functools import partial
from io import BytesIO

from PIL import Image, ImageOps

from core.images.decoding import decode_photo
from tests import images

SIZES = {"2 MP": (1632, 1224), "12 MP": (4032, 3024), "48 MP": (8064, 6048)}
RUNS = {"2 MP": 20, "12 MP": 6, "48 MP": 4}
KINDS: dict[str, dict[str, int]] = {
    "baseline q85": {"quality": 85},
    "baseline q90": {"quality": 90},
    "restarts q90": {"quality": 90, "restart_marker_rows": 1},
    "progressive q85": {"quality": 85, "progressive": 1},
    "progressive q90": {"quality": 90, "progressive": 1},
}


def best_ms(work: Callable[[], object], runs: int) -> float:
    """Processor time of the calling thread in ms, the best of several runs."""
    best = float("inf")
    for _ in range(runs):
        start = time.thread_time()
        work()
        best = min(best, time.thread_time() - start)
    return best * 1000


def decode_with_pillow(data: bytes) -> Image.Image:
    """Decode all pixels, rotate, convert and resize."""
    image = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    image.thumbnail((1280, 1280), Image.Resampling.BICUBIC)
    return image


def main() -> None:
    """Print one line per kind of JPEG."""
    scenes = {size: images.make_scene(*shape) for size, shape in SIZES.items()}
    print(f"{'JPEG':<18}{'MB: 2 / 12 / 48 MP':<22}{'Pillow 2 MP, ms':<18}{'ms: 2 / 12 / 48 MP':<24}48 MP : 2 MP")
    for kind, options in KINDS.items():
        files = {size: images.encode_image(scene, "JPEG", **options) for size, scene in scenes.items()}
        durations = {size: best_ms(partial(decode_photo, file), RUNS[size]) for size, file in files.items()}
        reference = best_ms(partial(decode_with_pillow, files["2 MP"]), RUNS["2 MP"])
        sizes = " / ".join(f"{len(file) / 1e6:.1f}" for file in files.values())
        times = " / ".join(f"{ms:.1f}" for ms in durations.values())
        print(f"{kind:<18}{sizes:<22}{reference:<18.1f}{times:<24}{durations['48 MP'] / durations['2 MP']:.1f}")


if __name__ == "__main__":
    main()
