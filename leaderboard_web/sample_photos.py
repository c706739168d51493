"""Sample photos for people who have none at hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePhoto:
    """A JPEG, and its size in pixels."""

    path: Path
    width: int
    height: int


def find_samples(folder: Path) -> Mapping[str, SamplePhoto]:
    """The photos of a folder, which may be missing, by name."""
    found = {}
    for path in sorted(folder.glob("*.jpg")):
        with Image.open(path) as image:
            found[path.stem] = SamplePhoto(path=path, width=image.width, height=image.height)
    return found
