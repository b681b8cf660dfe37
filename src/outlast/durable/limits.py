"""What Temporal takes at a time, checked before it is sent: what is over fails with a sentence.

The server's own way is worse. An oversized argument, result or handed-on state of a workflow fails the workflow task,
which is tried again for ever; commands that exceed a message together end the workflow with the one word
GrpcMessageTooLarge. With a payload store only references count, so nothing here ever strikes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from temporalio.api.common.v1 import Payload

from outlast.settings import Settings

SERVER_PAYLOADS = 2 * 1024 * 1024
"""The server's `limit.blobSize.error`, for all arguments of one step together."""

SERVER_MESSAGE = 4 * 1024 * 1024
"""The largest gRPC message that the server reads: all that one workflow task sends."""

RESERVE = 64 * 1024
"""What encryption, headers and metadata add."""

REFERENCE = 1024
"""An offloaded payload counts as this much, twice what a reference takes."""

_MARK = "outlast.too_large"


@dataclass(frozen=True, slots=True)
class Limits:
    """What fits, given the settings of a worker."""

    threshold: int | None
    """Payloads of this size and more are offloaded; None without a store."""
    payloads: int = SERVER_PAYLOADS - RESERVE
    message: int = SERVER_MESSAGE // 2
    """Half, since the server also bounds what one task writes at 4 MB, results that came in meanwhile included."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits of a process with these settings."""
        return cls(threshold=settings.payload_threshold_bytes if settings.payload_store else None)

    def size(self, payloads: Sequence[Payload]) -> int:
        """How much of these payloads stays in a message."""
        sizes = (payload.ByteSize() for payload in payloads)
        if self.threshold is None:
            return sum(sizes)
        return sum(size if size < self.threshold else REFERENCE for size in sizes)


def too_large(what: str, size: int, limit: int) -> str:
    """The sentence on something that does not fit."""
    return (
        f"{what} takes {_megabytes(size)}, more than the {_megabytes(limit)} that Temporal takes. "
        "Set OUTLAST_PAYLOAD_STORE on workers and clients, so that large payloads are kept outside of it."
    )


def stand_in(sentence: str) -> dict[str, str]:
    """Goes in the place of arguments that are too large: the step fails with the sentence, and history records that.

    A replay under other settings, with a store say, then meets the same command and the same failure.
    """
    return {_MARK: sentence}


def sentence_in(args: Sequence[Any]) -> str | None:
    """The sentence of a stand-in, None where the arguments are real."""
    if len(args) == 1 and isinstance(args[0], dict):
        sentence: str | None = args[0].get(_MARK)
        return sentence
    return None


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB"
