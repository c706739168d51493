"""Reading of the CSV files next to the photos, with errors that name the row."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from core.errors import DatasetError

DEFAULT_CERTAINTY = 2
"""Of a label whose certainty is not given: likely."""
MAX_CERTAINTY = 3

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


def parse_certainty(text: str) -> int:
    """Parse the certainty of a label: 3 clear, 2 likely (also if it is empty), 1 a guess.

    Raises:
        ValueError: it is something else.
    """
    certainty = int(text) if text else DEFAULT_CERTAINTY
    if not 1 <= certainty <= MAX_CERTAINTY:
        raise ValueError(f"the certainty {certainty} is not between 1 and {MAX_CERTAINTY}")
    return certainty
