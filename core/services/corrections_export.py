"""Export of people's corrections as photos and labels for training."""

import csv
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from anyio import to_thread

from core.clothing import Color, Item
from core.db import look_feedback
from core.db.looks import Look
from core.errors import ObjectNotFoundError
from core.resources import Resources
from core.vision.attributes import pair_codes

PAGE_SIZE = 100
CSV_COLUMNS = ("photo", "split", "style", "second", "sure", "style_b", "second_b", "sure_b", "source")
"""The columns of the training data's `labels.csv`."""
ATTRIBUTE_COLUMNS = ("photo", "items", "colours", "items_b", "colours_b", "not_worn", "told")
"""The columns of its `attributes.csv`, the things that the person took back, and the colors that they told of garments,
as pairs: `navy+coat`."""
SOURCE = "corrections"
"""The source of all photos of an export, which distinguishes it from other training data."""


async def export_corrections(resources: Resources, folder: Path) -> int:
    """Write the photos of corrected looks, and a `labels.csv` and an `attributes.csv` for training.

    Only people who let Eva learn from their corrections are included; who takes that back is missing from the next
    export, which deletes the photos of an earlier one in the same directory.

    The person's correction of the style is the label, the model's style the runner-up, and the certainty `likely`.
    Where a person corrected only items, the model's style, to which they did not object, is the label, as a guess.
    Items and colors are listed for looks whose items or colors were corrected: what the model saw without what the
    person took back, and with what they named instead or told of a garment. File names are random and nothing
    identifies the owner. Looks whose images were deleted meanwhile are left out.

    Args:
        resources: database and storage.
        folder: the output directory, created if missing. An earlier export in it is replaced.

    Returns:
        The number of exported looks.

    Raises:
        StorageUnavailableError: the images cannot be read.
        FileExistsError: the directory holds something else than an export.
        OSError: the directory cannot be written.
    """
    photos = folder / "photos"
    await to_thread.run_sync(_prepare_folder, folder)
    rows: list[dict[str, str]] = []
    attribute_rows: list[dict[str, str]] = []
    after: UUID | None = None
    while True:
        async with resources.database.transaction() as connection:
            page = await look_feedback.list_corrected(connection, limit=PAGE_SIZE, after=after)
        for look in page:
            if look.photo_key is None:
                continue
            try:
                photo = await resources.storage.get(look.photo_key)
            except ObjectNotFoundError:
                continue
            name = f"photos/{look.photo_key.replace('/', '')}"
            await to_thread.run_sync((folder / name).write_bytes, photo)
            rows.append(_label_row(name, look))
            if look.item_corrections or look.told_colors:
                attribute_rows.append(_attribute_row(name, look))
        if len(page) < PAGE_SIZE:
            break
        after = page[-1].id
    await to_thread.run_sync(_write_csv, folder / "labels.csv", rows)
    await to_thread.run_sync(_write_csv, folder / "attributes.csv", attribute_rows, ATTRIBUTE_COLUMNS)
    await to_thread.run_sync(_delete_others, photos, {Path(row["photo"]).name for row in rows})
    return len(rows)


def _label_row(name: str, look: Look) -> dict[str, str]:
    style, second, sure = look.verdict.style.value, "", "1"
    if look.corrected_style is not None:
        style, second, sure = look.corrected_style.value, style, "2"
    row = dict.fromkeys(CSV_COLUMNS, "") | {"photo": name, "split": "train", "style": style, "second": second}
    return row | {"sure": sure, "source": SOURCE}


def _attribute_row(name: str, look: Look) -> dict[str, str]:
    attributes = look.verdict.attributes
    # The first color is read as the main one.
    seen = [] if attributes is None else [*filter(None, [attributes.main_color]), *attributes.things]
    told_colors = [(color, garment) for garment, colors in look.told_colors.items() for color in colors]
    worn = dict.fromkeys([*seen, *filter(None, look.item_corrections.values()), *(color for color, _ in told_colors)])
    return dict.fromkeys(ATTRIBUTE_COLUMNS, "") | {
        "photo": name,
        "items": " ".join(thing for thing in worn if isinstance(thing, Item)),
        "colours": " ".join(thing for thing in worn if isinstance(thing, Color)),
        "not_worn": " ".join(thing for thing in look.item_corrections if thing not in worn),
        "told": " ".join(code for pair in told_colors for code in pair_codes(pair)),
    }


def _prepare_folder(folder: Path) -> None:
    """Create the directory with an empty export, which marks the photos in it as replaceable.

    Raises:
        FileExistsError: it holds photos or labels that no export wrote, e.g. the data that Eva was trained on.
    """
    labels, photos = folder / "labels.csv", folder / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    if labels.exists():
        with labels.open(newline="", encoding="utf-8") as file:
            if any(row.get("source") != SOURCE for row in csv.DictReader(file)):
                raise FileExistsError(labels)
    elif any(photos.iterdir()):
        raise FileExistsError(photos)
    else:
        _write_csv(labels, [])


def _delete_others(photos: Path, exported: set[str]) -> None:
    """Delete the photos of an earlier export that are not in this one."""
    for path in photos.iterdir():
        if path.name not in exported:
            path.unlink()


def _write_csv(path: Path, rows: list[dict[str, str]], columns: Sequence[str] = CSV_COLUMNS) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=columns)
        writer.writeheader()
        writer.writerows(rows)
