"""Export of people's corrections as photos and labels for training."""

import csv
from pathlib import Path
from uuid import UUID

from anyio import to_thread

from core.db import look_feedback
from core.errors import ObjectNotFoundError
from core.resources import Resources

PAGE_SIZE = 100
CSV_COLUMNS = ("photo", "split", "style", "second", "sure", "style_b", "second_b", "sure_b", "source", "source_label")
"""The columns of the training data's `labels.csv`."""
SOURCE = "corrections"
"""The source of all photos of an export, by which it is told from other training data."""


async def export_corrections(resources: Resources, folder: Path) -> int:
    """Write the photos of corrected looks and a `labels.csv` for `eva train`.

    Only people who let Eva learn from their corrections are included; who takes that back is missing from the next
    export, which deletes the photos of an earlier one in the same directory.

    The person's correction is the label, the model's style the runner-up, and the certainty `likely`. File names are
    random and nothing identifies the owner. Looks whose images were deleted meanwhile are left out.

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
    after: UUID | None = None
    while True:
        async with resources.database.transaction() as connection:
            page = await look_feedback.list_corrected(connection, limit=PAGE_SIZE, after=after)
        for look in page:
            if look.photo_key is None or look.corrected_style is None:
                continue
            try:
                photo = await resources.storage.get(look.photo_key)
            except ObjectNotFoundError:
                continue
            name = f"photos/{look.photo_key.replace('/', '')}"
            await to_thread.run_sync((folder / name).write_bytes, photo)
            row = dict.fromkeys(CSV_COLUMNS, "")
            row |= {"photo": name, "split": "train", "style": look.corrected_style, "second": look.verdict.style}
            rows.append(row | {"sure": "2", "source": SOURCE, "source_label": look.channel})
        if len(page) < PAGE_SIZE:
            break
        after = page[-1].id
    await to_thread.run_sync(_write_csv, folder / "labels.csv", rows)
    await to_thread.run_sync(_delete_others, photos, {Path(row["photo"]).name for row in rows})
    return len(rows)


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


def _delete_others(photos: Path, kept: set[str]) -> None:
    """Delete the photos of an earlier export that are not in this one."""
    for path in photos.iterdir():
        if path.name not in kept:
            path.unlink()


def _write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=CSV_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
