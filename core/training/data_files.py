"""The files of a data folder: photos, and CSV files about them, with errors that name the photo."""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from PIL import Image, ImageOps

from core.errors import DatasetError
from core.images.color_space import flatten_on_white, to_averageable_mode

Value = TypeVar("Value")


def read_rows(path: Path, columns: Iterable[str] = (), *, is_unique: bool = True) -> list[dict[str, str]]:
    """Read a CSV file whose rows are about photos.

    Args:
        path: the file, UTF-8 with or without a byte order mark.
        columns: those that must be there, next to `photo`.
        is_unique: whether a photo has one row at most. Of a photo in two splits, one would be measured by photos that
            the network has learned.

    Raises:
        DatasetError: the file or a column is missing, a row has another number of fields, or a photo is listed twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            rows = list(reader)
    except FileNotFoundError as error:
        raise DatasetError(f"{path.name} is missing") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path.name} cannot be read: {error}") from error
    missing = [name for name in ("photo", *columns) if name not in (reader.fieldnames or ())]
    if missing:
        raise DatasetError(f"{path.name} has no column {', '.join(missing)}")
    seen: set[str] = set()
    for row in rows:
        if None in row or None in row.values():
            raise DatasetError(f"{path.name}, {row['photo']}: another number of fields than in the first row")
        if is_unique and row["photo"] in seen:
            raise DatasetError(f"{path.name} lists {row['photo']} twice")
        seen.add(row["photo"])
    return rows


def parse_rows(path: Path, rows: Iterable[dict[str, str]], parse: Callable[[dict[str, str]], Value]) -> list[Value]:
    """Parse each row of a file.

    Raises:
        DatasetError: a row is invalid.
    """
    values = []
    for row in rows:
        try:
            values.append(parse(row))
        except ValueError as error:
            raise DatasetError(f"{path.name}, {row['photo']}: {error}") from error
    return values


def open_photo(path: Path) -> Image.Image:
    """Decode a photo as RGB, upright and on white where it is transparent, as photos of people are.

    Unlike theirs, its color profile is ignored.

    Raises:
        DatasetError: the file cannot be read.
    """
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            return flatten_on_white(to_averageable_mode(upright)).convert("RGB")
    except Exception as error:
        # Pillow's decoders raise many types on damaged bytes.
        raise DatasetError(f"{path.name} cannot be read") from error


def check_photos(photos: Sequence[Path]) -> None:
    """Check that the photos exist and begin as pictures do, before hours of work on the others.

    Raises:
        DatasetError: some do not.
    """
    broken = []
    for photo in photos:
        try:
            with Image.open(photo):
                pass
        except Exception:  # noqa: BLE001
            # Decoders raise errors of many kinds for damaged files; all that counts is which photo it is.
            broken.append(photo.name)
    if broken:
        raise DatasetError(f"{len(broken)} of {len(photos)} photos cannot be read, the first is {broken[0]}")
