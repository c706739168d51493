"""The first directory of TIFF files: whether it holds the photo, or the file is a camera's raw data."""

import struct
from collections.abc import Iterator

MAX_ENTRIES = 4000
"""Entries of a directory; cameras and scanners write up to 100."""
SUBFILE_TYPE, PHOTOMETRIC, DNG_VERSION = 254, 262, 50706
PREVIEW = 1
"""Bit of SUBFILE_TYPE: a smaller version of another image of the file."""
RAW_PHOTOMETRICS = {32803, 34892}
"""Color filter array, linear raw."""
CANON_RAW = b"CR"
CANON_RAW_AT = 8


def is_camera_raw(data: bytes) -> bool:
    """Whether a TIFF holds sensor data and, at best, a small preview (DNG, NEF, ARW, CR2).

    Args:
        data: the file, from its signature.
    """
    if data[CANON_RAW_AT : CANON_RAW_AT + 2] == CANON_RAW:
        return True
    entries = dict(_first_directory(data))
    is_preview = bool(entries.get(SUBFILE_TYPE, 0) & PREVIEW)
    return DNG_VERSION in entries or is_preview or entries.get(PHOTOMETRIC) in RAW_PHOTOMETRICS


def _first_directory(data: bytes) -> Iterator[tuple[int, int]]:
    """Tag and value of the entries; the value is 0 unless it is a single short or long integer."""
    order = "<" if data.startswith(b"II") else ">"
    is_big = data[2:3] == b"+" or data[3:4] == b"+"
    offset, count, entry = ("Q", "Q", "HHQ8s") if is_big else ("I", "H", "HHI4s")
    try:
        (at,) = struct.unpack_from(order + offset, data, 8 if is_big else 4)
        (entries,) = struct.unpack_from(order + count, data, at)
        at += struct.calcsize(order + count)
        for index in range(min(entries, MAX_ENTRIES)):
            tag, kind, values, raw = struct.unpack_from(
                order + entry, data, at + index * struct.calcsize(order + entry)
            )
            form = {3: "H", 4: "I"}.get(kind) if values == 1 else None
            yield tag, 0 if form is None else struct.unpack_from(order + form, raw)[0]
    except struct.error:
        return
