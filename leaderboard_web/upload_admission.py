"""Bounds on the uploads that the site reads, and on the photos that wait to be judged.

An upload takes its place before its body is read. Where the uploads that are being read exceed their bounds, the oldest
one of the network that holds the most is ended, so that clients that do not finish their uploads cannot keep others
from sending theirs. Photos that were read completely are never ended, only refused.

See ADR 0020.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from anyio import CancelScope
from fastapi import HTTPException

from core.runtime import available_cpus

WAITING_PER_CORE = 8
"""Photos that may wait for each core, one or two seconds; further ones are asked to try again later."""
MAX_WAITING_BYTES = 128 * 2**20
"""Bytes of all photos that were read completely."""
MAX_UNFINISHED_UPLOADS = 256
MAX_UNFINISHED_BYTES = 64 * 2**20
"""Bytes of all uploads that are being read."""
RETRY_AFTER_SECONDS = 3


@dataclass(eq=False, slots=True)
class Upload:
    """A request with a photo."""

    network: str
    """Network of the client."""
    scope: CancelScope = field(default_factory=CancelScope)
    """Ends the request when it is canceled."""
    received: int = 0
    """Bytes of the body so far."""


class UploadAdmission:
    """The uploads of a process."""

    def __init__(
        self,
        *,
        max_unfinished_uploads: int = MAX_UNFINISHED_UPLOADS,
        max_unfinished_bytes: int = MAX_UNFINISHED_BYTES,
    ) -> None:
        """Set the bounds on the uploads that are being read."""
        self._max_waiting = available_cpus() * (1 + WAITING_PER_CORE)
        self._max_unfinished_uploads, self._max_unfinished_bytes = max_unfinished_uploads, max_unfinished_bytes
        # In the order of their admission.
        self._unfinished: dict[Upload, None] = {}
        self._waiting: set[Upload] = set()

    @property
    def unfinished_bytes(self) -> int:
        """Bytes of all uploads that are being read."""
        return sum(upload.received for upload in self._unfinished)

    @contextmanager
    def admit(self, network: str) -> Iterator[Upload]:
        """Hold a place for one upload, until `release` or the end of the context.

        Raises:
            HTTPException: 503 with Retry-After, too many photos are waiting.
        """
        self._check_waiting()
        if len(self._unfinished) >= self._max_unfinished_uploads:
            self._end_one(Counter(upload.network for upload in self._unfinished))
        upload = Upload(network)
        self._unfinished[upload] = None
        try:
            yield upload
        finally:
            self.release(upload)

    def receive(self, upload: Upload, length: int) -> None:
        """Count bytes of a body; ends other uploads, or this one, if all together are too long."""
        upload.received += length
        while self.unfinished_bytes > self._max_unfinished_bytes:
            sizes: Counter[str] = Counter()
            for unfinished in self._unfinished:
                sizes[unfinished.network] += unfinished.received
            self._end_one(sizes)

    def complete(self, upload: Upload) -> None:
        """Let the photo of a body that was read wait for its verdict; does nothing if it was ended.

        Raises:
            HTTPException: 503 with Retry-After, too many photos are waiting.
        """
        if upload not in self._unfinished:
            return
        del self._unfinished[upload]
        self._check_waiting(upload.received)
        self._waiting.add(upload)

    def release(self, upload: Upload) -> None:
        """Give the place of an upload back; its response may still be on its way to the client."""
        self._unfinished.pop(upload, None)
        self._waiting.discard(upload)

    def _check_waiting(self, length: int = 0) -> None:
        size = length + sum(upload.received for upload in self._waiting)
        if len(self._waiting) >= self._max_waiting or size > MAX_WAITING_BYTES:
            raise HTTPException(503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})

    def _end_one(self, weights: Counter[str]) -> None:
        """End the oldest upload of the network with the largest weight."""
        ((network, _),) = weights.most_common(1)
        oldest = next(upload for upload in self._unfinished if upload.network == network)
        del self._unfinished[oldest]
        oldest.scope.cancel()
