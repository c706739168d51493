"""WebP files reduced to their image or first frames, its profile and its orientation, in a container without faults."""

import struct

from core.errors import TruncatedPhotoError

HEADER_LENGTH = 12
MAX_CHUNKS = 10_000
"""That are looked at: an image and its metadata are among the first."""
MIN_ZEROS = 256
IMAGES = {b"VP8 ", b"VP8L"}
PROFILE_FLAG, ALPHA_FLAG, EXIF_FLAG, ANIMATION_FLAG = 0x20, 0x10, 0x08, 0x02
EXTENDED_LENGTH = 10
"""Bytes of the chunk VP8X: flags, three reserved ones, width - 1 and height - 1 of the canvas."""
METADATA = {b"ICCP": PROFILE_FLAG, b"EXIF": EXIF_FLAG}


def reduce_webp(data: bytes, *, max_frames: int = 1) -> bytes:
    """Return the same image in a well-formed file, without other metadata and further frames.

    Metadata count only if the file's flags announce them, as in browsers.

    Args:
        data: the file, from its signature; the length in its header may be wrong.
        max_frames: number of frames at most; the file may end within the later ones.

    Raises:
        TruncatedPhotoError: the image ends beyond the file.
    """
    chunks, later_frames = _read_chunks(data, max_frames)
    extended = chunks.get(b"VP8X", b"")[:EXTENDED_LENGTH]
    if len(extended) < EXTENDED_LENGTH:
        return _write_file([(name, chunks[name]) for name in IMAGES & chunks.keys()])
    flags = extended[0]
    needed = {name: chunks[name] for name, flag in METADATA.items() if name in chunks and flags & flag}
    is_animation = b"ANMF" in chunks and bool(flags & ANIMATION_FLAG)
    images = {b"ANIM", b"ANMF"} if is_animation else {b"ALPH"} | IMAGES
    content = {name: content for name, content in chunks.items() if name in images}
    needed_flags = sum(METADATA[name] for name in needed) | flags & (
        ALPHA_FLAG | (ANIMATION_FLAG if is_animation else 0)
    )
    exif = {b"EXIF": needed.pop(b"EXIF")} if b"EXIF" in needed else {}
    frames = [(b"ANMF", frame) for frame in later_frames if is_animation]
    header = {b"VP8X": bytes([needed_flags]) + extended[1:]}
    return _write_file([*(header | needed | content).items(), *frames, *exif.items()])


def _read_chunks(data: bytes, max_frames: int) -> tuple[dict[bytes, bytes], list[bytes]]:
    """The first chunk of each name, up to the end of the file, and the frames after the first one."""
    chunks: dict[bytes, bytes] = {}
    later_frames: list[bytes] = []
    at, count, images = HEADER_LENGTH, 0, IMAGES | {b"ANMF"}
    while at + 8 <= len(data) and count < MAX_CHUNKS:
        count += 1
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name in images and name not in chunks and at + 8 + length > len(data):
            raise TruncatedPhotoError("WebP that ends within its image")
        if name == b"ANMF" and name in chunks and len(later_frames) < max_frames - 1:
            later_frames.append(data[at + 8 : at + 8 + length])
        if name in images and name not in chunks and _is_unfinished(data[at + 8 : at + 8 + length]):
            raise TruncatedPhotoError("WebP whose image ends in zeros")
        chunks.setdefault(name, data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    if not images & chunks.keys():
        raise TruncatedPhotoError("WebP without an image")
    return chunks, later_frames


def _is_unfinished(image: bytes) -> bool:
    """Whether so many bytes at the end are zero that they were never written: compressed data have no such runs."""
    zeros = len(image) - len(image.rstrip(b"\0"))
    return zeros > max(MIN_ZEROS, len(image) // 16)


def _write_file(chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2) for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
