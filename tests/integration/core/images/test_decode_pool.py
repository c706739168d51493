"""Child processes that decode photos: their limits, and what happens when they end."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from structlog.testing import capture_logs

from core.errors import (
    CorruptPhotoError,
    DecoderUnavailableError,
    DecompressionBombError,
    EmptyPhotoError,
    NotAnImageError,
    TruncatedPhotoError,
)
from core.images.decode_pool import DecodePool, DecoderEndedError, DecoderProcess
from core.images.decoder_main import ERROR, HEADER, IMAGE, READY
from core.images.decoding import decode_photo
from tests import images

PHOTO = images.encode_image(images.make_scene(400, 300))
ALL_KINDS = [
    *(images.encode_image(images.make_scene(200, 150), form) for form in images.PILLOW_FORMATS),
    images.encode_image(images.make_scene(200, 150), "JPEG", icc_profile=images.display_p3_profile()),
]
LARGE_PHOTO = images.encode_image(images.make_quadrants(6000, 4000), "PNG", compress_level=1)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with closing(DecodePool(2)) as pool:
        yield pool


@contextmanager
def one_process(**limits: int) -> Iterator[tuple[DecodePool, int]]:
    """A pool of one running process, and its id."""
    with closing(DecodePool(1, **limits)) as pool:
        pool.start()
        (process_id,) = pool.process_ids
        yield pool, process_id


def test_pool_decodes_what_the_decoder_decodes(pool: DecodePool) -> None:
    for data in ALL_KINDS:
        decoded, expected = pool.decode_photo(data), decode_photo(data)
        assert (decoded.mode, decoded.size) == (expected.mode, expected.size)
        assert decoded.tobytes() == expected.tobytes()


def test_errors_keep_their_class_and_detail(pool: DecodePool) -> None:
    with pytest.raises(EmptyPhotoError):
        pool.decode_photo(b"")
    with pytest.raises(NotAnImageError):
        pool.decode_photo(b"no image")
    with pytest.raises(TruncatedPhotoError, match="PNG, "):
        pool.decode_photo(images.PNG_SIGNATURE + b"\0" * 100)
    assert pool.decode_photo(PHOTO).size == (400, 300)


def test_large_photos_are_decoded_one_at_a_time(pool: DecodePool) -> None:
    with ThreadPoolExecutor(3) as threads:
        sizes = [image.size for image in threads.map(pool.decode_photo, [LARGE_PHOTO, LARGE_PHOTO, PHOTO])]
    assert sizes == [(1200, 800), (1200, 800), (400, 300)]


def test_large_photos_that_wait_do_not_hold_up_others() -> None:
    with closing(DecodePool(2)) as pool, ThreadPoolExecutor(4) as threads:
        with pool._large_image_lock:
            waiting = [threads.submit(pool.decode_photo, LARGE_PHOTO) for _ in range(3)]
            assert threads.submit(pool.decode_photo, PHOTO).result(60).size == (400, 300)
            assert not any(decoding.done() for decoding in waiting)
        assert [decoding.result(60).size for decoding in waiting] == [(1200, 800)] * 3


def test_processes_start_once_and_no_more_than_allowed() -> None:
    with closing(DecodePool(2)) as pool:
        assert pool.process_ids == []
        with ThreadPoolExecutor(6) as threads:
            list(threads.map(pool.decode_photo, [PHOTO] * 30))
        started = pool.process_ids
        assert 1 <= len(started) <= 2
        pool.decode_photo(PHOTO)
        assert sorted(pool.process_ids) == sorted(started)
    assert pool.process_ids == []


def test_killed_idle_process_is_replaced() -> None:
    with one_process() as (pool, process_id):
        os.kill(process_id, signal.SIGKILL)
        assert pool.decode_photo(PHOTO).size == (400, 300)
        assert pool.process_ids != [process_id]


def test_photo_of_a_killed_process_is_decoded_by_another() -> None:
    with one_process() as (pool, process_id), ThreadPoolExecutor(1) as threads, capture_logs() as logs:
        os.kill(process_id, signal.SIGSTOP)
        decoding = threads.submit(pool.decode_photo, PHOTO)
        while pool.process_ids:
            time.sleep(0.01)
        os.kill(process_id, signal.SIGKILL)
        assert decoding.result(60).size == (400, 300)
    assert [(entry["event"], entry["exit_code"]) for entry in logs] == [("decoder_ended", -signal.SIGKILL)]


def test_signals_of_a_shutdown_lose_no_photo() -> None:
    """A terminal and a service manager send them to all processes of a service."""
    with one_process() as (pool, process_id):
        os.kill(process_id, signal.SIGINT)
        os.kill(process_id, signal.SIGTERM)
        assert pool.decode_photo(PHOTO).size == (400, 300)
        assert pool.process_ids == [process_id]


def test_process_that_hangs_is_killed() -> None:
    with closing(DecodePool(1, max_seconds=0.5)) as pool:
        pool.start()
        (process_id,) = pool.process_ids
        os.kill(process_id, signal.SIGSTOP)
        with pytest.raises(DecompressionBombError, match=r"over 0\.5 s"):
            pool.decode_photo(PHOTO)
        assert not is_running(process_id)


def test_processor_time_is_limited() -> None:
    with closing(DecodePool(1, max_cpu_seconds=0.02)) as pool:
        with pytest.raises(DecompressionBombError, match=r"over 0\.02 s of processor time"):
            pool.decode_photo(LARGE_PHOTO)
        assert pool.decode_photo(PHOTO).size == (400, 300)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces the limit")
@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_memory_is_limited(form: str) -> None:
    data = images.encode_image(images.make_quadrants(4000, 4000), form)
    with one_process(max_memory=16 * 2**20) as (pool, _):
        with pytest.raises((DecompressionBombError, CorruptPhotoError)):
            pool.decode_photo(data)
        assert pool.decode_photo(PHOTO).size == (400, 300)


@pytest.mark.parametrize(
    ("size", "form", "options"),
    [
        ((9000, 6000), "JPEG", {}),
        ((9000, 6000), "JPEG", {"progressive": True}),
        ((9000, 6000), "PNG", {"compress_level": 1}),
        ((9000, 6000), "GIF", {}),
        ((9000, 6000), "TIFF", {"compression": "tiff_lzw"}),
        ((6400, 5000), "WEBP", {"lossless": True, "quality": 0, "method": 0}),
    ],
)
def test_largest_accepted_photo_stays_within_the_limits(
    pool: DecodePool, size: tuple[int, int], form: str, options: dict[str, Any]
) -> None:
    """Encoders of HEIC and AVIF take minutes for this size; their decoders take 385 and 475 MiB for 54 megapixels."""
    # Bytes after the image keep a plain one from being taken for a bomb.
    data = images.encode_image(images.make_quadrants(*size), form, **options) + bytes(60_000)
    assert max(pool.decode_photo(data).size) > 600


def test_color_profiles_of_one_person_leave_memory_for_others() -> None:
    def resident_bytes(process_id: int) -> int:
        pages = Path(f"/proc/{process_id}/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    with one_process() as (pool, process_id):
        pool.decode_photo(PHOTO)
        before = resident_bytes(process_id)
        for number in range(6):
            profile = bytes([number]) * 12_000_000
            pool.decode_photo(images.encode_image(images.make_scene(128, 128), "JPEG", icc_profile=profile))
        pool.decode_photo(PHOTO)
        assert pool.process_ids == [process_id]
        assert resident_bytes(process_id) - before < 40_000_000


@pytest.mark.parametrize(
    "reply",
    [
        HEADER.pack(ERROR, 2**31, 0),
        HEADER.pack(ERROR, 2, 0) + b"{}",
        HEADER.pack(ERROR, 18, 0) + b'["SystemExit", ""]',
        HEADER.pack(ERROR, 4000, 0) + b"[" * 4000,
        HEADER.pack(IMAGE, 2**16, 2**16),
        HEADER.pack(READY, 0, 0),
        HEADER.pack(IMAGE, 4, 4)[:-1],
        HEADER.pack(IMAGE, 4, 4) + bytes(3 * 4 * 4 - 1),
        b"",
    ],
)
def test_reply_of_another_form_ends_the_process(monkeypatch: pytest.MonkeyPatch, reply: bytes) -> None:
    with closing(DecoderProcess(max_memory=2**29, max_cpu_seconds=4)) as process:
        rest = io.BytesIO(reply)

        def read(length: int) -> bytes:
            assert length <= 4096
            return rest.read(length)

        monkeypatch.setattr(process, "_replies", Mock(read=read))
        with pytest.raises(DecoderEndedError):
            process.decode(PHOTO, max_seconds=20, may_be_large=True)
        assert process.process.poll() is not None


def test_process_whose_reply_does_not_fit_into_memory_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(DecoderProcess(max_memory=2**29, max_cpu_seconds=4)) as process:
        monkeypatch.setattr(process, "_replies", Mock(read=Mock(side_effect=[HEADER.pack(IMAGE, 4, 4), MemoryError])))
        with pytest.raises(MemoryError):
            process.decode(PHOTO, max_seconds=20, may_be_large=True)
        assert process.process.poll() is not None


def test_limits_are_set(pool: DecodePool) -> None:
    pool.start()
    limits = Path(f"/proc/{pool.process_ids[0]}/limits")
    if not limits.exists():
        pytest.skip("no /proc")
    rows = {row[:26].strip(): row[26:].split() for row in limits.read_text("ascii").splitlines()[1:]}
    assert rows["Max cpu time"][0] != "unlimited"
    assert rows["Max address space"][1] != "unlimited"
    assert int(rows["Max open files"][1]) <= 16
    assert rows["Max core file size"][1] == "0"


def test_process_has_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVA_SECRET_KEY", "do-not-inherit")
    with one_process() as (_, process_id):
        environment = Path(f"/proc/{process_id}/environ")
        if not environment.exists():
            pytest.skip("no /proc")
        assert b"do-not-inherit" not in environment.read_bytes()


def test_process_loads_neither_the_model_nor_the_database() -> None:
    script = "import sys, core.images.decoder_main; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert {name.partition(".")[0] for name in modules}.isdisjoint(
        {"ai_edge_litert", "sqlalchemy", "telegram", "fastapi"}
    )
    assert not any(name.startswith(("core.vision", "core.db")) for name in modules)


@pytest.mark.parametrize("is_busy", [False, True])
def test_processes_end_with_their_parent(is_busy: bool) -> None:
    script = """
import sys, threading, time
from core.images.decode_pool import DecodePool
pool = DecodePool(1)
pool.start()
(process_id,) = pool.process_ids
data = sys.stdin.buffer.read()
if sys.argv[1] == "True":
    threading.Thread(target=pool.decode_photo, args=(data,), daemon=True).start()
    while pool.process_ids:
        time.sleep(0.01)
print(process_id, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(is_busy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    with parent:
        parent.stdin.write(LARGE_PHOTO)
        parent.stdin.close()
        process_id = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 30
    while is_running(process_id):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_process_that_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with closing(DecodePool(1)) as pool:
        with pytest.raises(DecoderUnavailableError):
            pool.start()
        with pytest.raises(DecoderUnavailableError):
            pool.decode_photo(PHOTO)


def test_closing_lets_the_current_photo_finish() -> None:
    pool = DecodePool(1)
    pool.start()
    (process_id,) = pool.process_ids
    os.kill(process_id, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as threads:
        decoding = threads.submit(pool.decode_photo, PHOTO)
        while pool.process_ids:
            time.sleep(0.01)
        pool.close()
        os.kill(process_id, signal.SIGCONT)
        assert decoding.result(60).size == (400, 300)
    assert not is_running(process_id)


def is_running(process_id: int) -> bool:
    """Whether a process exists and has not ended."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process_id}/stat")
    try:
        return not status.exists() or status.read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
