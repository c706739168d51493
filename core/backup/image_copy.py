"""Copies of images from one storage to another; what is there already is skipped, so a copy can be resumed."""

import asyncio
from collections.abc import Collection

from core.errors import ObjectNotFoundError, StorageUnavailableError
from core.object_storage import ObjectStorage

CONCURRENCY = 16
"""Images that are copied at the same time."""


async def copy_images(keys: Collection[str], source: ObjectStorage, target: ObjectStorage) -> tuple[str, ...]:
    """Copy images that the target lacks. Images never change under their key.

    Args:
        keys: of the images.
        source: where they are.
        target: where they are to be.

    Returns:
        The keys of images that neither storage has.

    Raises:
        StorageUnavailableError: one of the storages does not answer.
    """
    remaining = iter(sorted(set(keys) - (await target.list_sizes()).keys()))
    missing: list[str] = []

    async def copy_next() -> None:
        for key in remaining:
            try:
                data = await source.get(key)
            except ObjectNotFoundError:
                missing.append(key)
            else:
                await target.put(key, data)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(CONCURRENCY):
                group.create_task(copy_next())
    except* StorageUnavailableError as group_error:
        # The others are of the same kind.
        raise group_error.exceptions[0] from None
    return tuple(missing)
