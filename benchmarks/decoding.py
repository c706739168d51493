"""What reading a photo costs, by size and by kind of JPEG: `python -m benchmarks.photos`.

The pictures are drawn: structure at every scale plus grain, compressed at the qualities that phones use. The
time is CPU time of one thread, the best of several runs, for the whole of `read_photo`. The naive way, for
comparison, is to decode every pixel and resize the picture to 1280 px.

What to expect of 48 MP against 2 MP: a baseline JPEG has no index, so all of its Huffman code must be read
even where only an eighth of the picture is wanted. That is about half of the work of decoding it in full.
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


def median_ms(work: Callable[[], object], runs: int) -> float:
    """CPU time of the calling thread, the best of `runs`."""
    best = float("inf")
    for _ in range(runs):
        start = time.thread_time()
        work()
        best = min(best, time.thread_time() - start)
    return best * 1000


def decode_with_pillow(data: bytes) -> Image.Image:
    """Decode all pixels, turn, convert, resize."""
    image = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    image.thumbnail((1280, 1280), Image.Resampling.BICUBIC)
    return image


def main() -> None:
    """Print one line per kind of JPEG."""
    scenes = {size: images.make_scene(*shape) for size, shape in SIZES.items()}
    print(f"{'JPEG':<18}{'MB: 2 / 12 / 48 MP':<22}{'naive 2 MP, ms':<18}{'ms: 2 / 12 / 48 MP':<24}48 MP : 2 MP")
    for kind, options in KINDS.items():
        files = {size: images.encode_image(scene, "JPEG", **options) for size, scene in scenes.items()}
        spent = {size: median_ms(partial(decode_photo, file), RUNS[size]) for size, file in files.items()}
        before = median_ms(partial(decode_with_pillow, files["2 MP"]), RUNS["2 MP"])
        sizes = " / ".join(f"{len(file) / 1e6:.1f}" for file in files.values())
        times = " / ".join(f"{ms:.1f}" for ms in spent.values())
        print(f"{kind:<18}{sizes:<22}{before:<18.1f}{times:<24}{spent['48 MP'] / spent['2 MP']:.1f}")


if __name__ == "__main__":
    main()
