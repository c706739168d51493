"""Requests of strangers that once stopped a running Eva, each as a function that repeats one until it is told to stop.

Every function returns how often it had its effect, so that a test can tell an attack from an error of its own.
"""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Event

SAMPLE = Path(__file__).parents[2] / "samples" / "street.jpg"
TIMEOUT = 20.0
"""Seconds until an attacker gives up on a response."""
MIB = 2**20
UPLOAD_BYTES = 18 * MIB
BOUNDARY = b"BoundarY"


class Attacker:
    """A client with an address of its own."""

    def __init__(self, port: int, address: str, stop: Event) -> None:
        self.port, self.address, self.stop = port, address, stop

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(TIMEOUT)
        connection.bind((self.address, 0))
        connection.connect(("127.0.0.1", self.port))
        return connection

    def send(self, data: bytes) -> bytes:
        """Send bytes on a new connection; the start of the response, empty where there was none."""
        with closing(self.connect()) as connection:
            with suppress(ConnectionError):
                connection.sendall(data)
            with suppress(OSError):
                return connection.recv(100)
        return b""

    def rounds(self, pause: float = 0.0) -> Iterator[int]:
        """Numbers until it has to stop."""
        number = 0
        while not self.stop.wait(pause):
            yield number
            number += 1

    @contextmanager
    def held(self) -> Iterator[list[socket.socket]]:
        """Connections that stay open until it has to stop."""
        connections: list[socket.socket] = []
        try:
            yield connections
            self.stop.wait()
        finally:
            for connection in connections:
                connection.close()


def request(target: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """A request in full, the last one of its connection."""
    method = b"POST" if body else b"GET"
    length = (b"Content-Length: %d" % len(body),) if body else ()
    return b"\r\n".join((method + b" " + target + b" HTTP/1.1", b"Host: localhost", *headers, *length,
                         b"Connection: close", b"", b"")) + body  # fmt: skip


def upload(content: bytes, *, part_headers: bytes = b"Content-Type: image/jpeg\r\n") -> bytes:
    """A request that sends a photo."""
    head = b'Content-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'
    body = b"--%s\r\n%s%s\r\n%s\r\n--%s--\r\n" % (BOUNDARY, head, part_headers, content, BOUNDARY)
    return request(b"/api/judge", b"Content-Type: multipart/form-data; boundary=" + BOUNDARY, body=body)


def jpeg_of_many_scans(size: int = 4000, scans: int = 1200) -> bytes:
    """A gray progressive JPEG of which each scan covers all its blocks by a few bytes.

    A comment after the first scan holds an end marker, for readers that look for one.
    """

    def segment(marker: int, content: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content

    def pack(pairs: list[tuple[int, int]]) -> bytes:
        """Values and their numbers of bits, as the entropy-coded data of JPEG."""
        number = length = 0
        for value, bits in pairs:
            number, length = number << bits | value, length + bits
        padding = -length % 8
        packed = (number << padding | (1 << padding) - 1).to_bytes((length + padding) // 8, "big")
        return packed.replace(b"\xff", b"\xff\x00")

    blocks = ((size + 7) // 8) ** 2
    longest_run = (1 << 15) - 1
    dc_table = b"\x00" + bytes([1, 1] + [0] * 14) + bytes([0, 1])
    ac_table = b"\x10" + bytes([1, 1] + [0] * 14) + bytes([0xE0, 0x00])
    scan = segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + pack([(longest_run >> 1, 15)] * -(-blocks // longest_run))
    return b"".join(
        (
            b"\xff\xd8",
            segment(0xDB, b"\0" + bytes([1] * 64)),
            segment(0xC2, struct.pack(">BHHB", 8, size, size, 1) + bytes([1, 0x11, 0])),
            segment(0xC4, dc_table),
            segment(0xC4, ac_table),
            segment(0xDA, bytes([1, 1, 0, 0, 0, 0])),
            pack([(0, 1)] * blocks),
            segment(0xFE, b"\xff\xd9"),
            scan * scans,
            b"\xff\xd9",
        )
    )


def jpeg_of_many_segments(count: int = 50_000) -> bytes:
    """A good photo behind very many Exif segments."""
    photo, content = SAMPLE.read_bytes(), b"Exif\0\0" + b"a" * 100
    return photo[:2] + (b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content) * count + photo[2:]


def costly_language(attacker: Attacker) -> int:
    """Preferences of languages on which a parser may be quadratic."""
    header = b"Accept-Language: a-" + b" " * 32_000 + b"x;"
    return sum(bool(attacker.send(request(b"/privacy", header))) for _ in attacker.rounds(0.1))


def many_scans(attacker: Attacker) -> int:
    """JPEGs that take long to decode."""
    bomb = upload(jpeg_of_many_scans())
    return sum(bool(attacker.send(bomb)) for _ in attacker.rounds(0.2))


def many_segments(attacker: Attacker) -> int:
    """JPEGs whose headers take long to read."""
    bomb = upload(jpeg_of_many_segments())
    return sum(bool(attacker.send(bomb)) for _ in attacker.rounds(0.5))


def reader_that_does_not_read(attacker: Attacker) -> int:
    """Requests for a large file and a page, of which the responses are never read.

    The page is the one that others ask for, in all that a cache may distinguish.
    """
    headers = b"\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n\r\n" % attacker.port
    stalled = 0
    with attacker.held() as connections:
        while not attacker.stop.wait(0.3) and len(connections) < 40:
            connection = attacker.connect(receive_buffer=4096)
            connections.append(connection)
            for target in (b"/samples/street.jpg", b"/"):
                with suppress(OSError):
                    connection.sendall(b"GET " + target + b" HTTP/1.1" + headers)
            stalled += 1
    return stalled


def endless_header(attacker: Attacker) -> int:
    """Headers of up to 100 MB each, all sent unless the server stops it."""
    sent = 0
    for _ in attacker.rounds(0.2):
        with closing(attacker.connect()) as connection, suppress(OSError):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ")
            sent += 1
            for _ in range(100):
                connection.sendall(b"a" * MIB)
    return sent


def unfinished_uploads(attacker: Attacker) -> int:
    """Uploads that miss their last kilobyte."""
    start = upload(b"\xff\xd8\xff" + b"\0" * UPLOAD_BYTES)[:-1024]
    sent = 0
    with attacker.held() as connections:
        while not attacker.stop.is_set() and len(connections) < 25:
            connection = attacker.connect()
            connections.append(connection)
            with suppress(OSError):
                connection.sendall(start)
            sent += 1
    return sent


def slow_connections(attacker: Attacker) -> int:
    """A hundred headers and a hundred forms that arrive byte by byte."""
    form = (
        b"POST /try/words HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 5000\r\n\r\nwords="
    )
    trickled = 0
    with attacker.held() as connections:
        for start in (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ", form) * 100:
            if attacker.stop.is_set():
                break
            connection = attacker.connect()
            connections.append(connection)
            with suppress(OSError):
                connection.sendall(start)
        for _ in attacker.rounds(1.0):
            for connection in connections:
                with suppress(OSError):
                    connection.sendall(b"a")
                    trickled += 1
    return trickled


def costly_forms(attacker: Attacker) -> int:
    """Multipart bodies on which a parser has to look at each byte for long."""
    size = 8 * MIB
    almost = b"\r\n--" + BOUNDARY[:-1] + b"x"
    bodies = (
        upload(b"\r" * size),
        upload(b"\r\n--" * (size // 4)),
        upload(almost * (size // len(almost))),
        upload(b"x", part_headers=b"X-A: " + b"a" * size + b"\r\n"),
        upload(b"x", part_headers=b"A: b\r\n" * (size // 6)),
    )
    return sum(bool(attacker.send(bodies[number % len(bodies)])) for number in attacker.rounds(0.5))


def many_probes(attacker: Attacker) -> int:
    """Twenty calls at once to the probe that looks at the model, the database and the storage, again and again."""
    answered = 0
    for _ in attacker.rounds(0.2):
        connections = [attacker.connect() for _ in range(20)]
        for connection in connections:
            connection.sendall(request(b"/readyz"))
        for connection in connections:
            with closing(connection), suppress(OSError):
                answered += bool(connection.recv(100))
    return answered


def memory_of_caches(attacker: Attacker) -> int:
    """Ever new headers of 8 MB, and long queries of pages that are cached."""

    def send(number: int) -> bool:
        header = b"Accept-Language: x%d" % number + b"a" * 8_000_000
        target = b"/?x=%d" % number + b"a" * 50_000
        attacker.send(request(b"/privacy", header))
        return bool(attacker.send(request(target)))

    return sum(map(send, attacker.rounds(0.02)))


Attack = Callable[[Attacker], int]
ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        costly_language,
        many_scans,
        many_segments,
        reader_that_does_not_read,
        endless_header,
        unfinished_uploads,
        slow_connections,
        costly_forms,
        many_probes,
        memory_of_caches,
    )
}
