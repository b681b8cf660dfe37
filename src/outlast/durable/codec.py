"""Encrypts what Temporal keeps: queries, passages, answers and error texts are ciphertext at rest.

Ids, types, task queues and search attributes stay clear by design, since Temporal works with them; nothing private
stands in those. Failures pass through here as well, see `converter.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from outlast.durable.keys import KeyRing

ENCODING = "binary/encrypted"
"""Value of the `encoding` metadata of a ciphertext."""

CIPHER = b"AES256-GCM"

KEY_ID = "encryption-key-id"
"""Metadata that names the key, in clear."""


class EncryptionCodec(PayloadCodec, WithSerializationContext):
    """Encrypts every payload with the active key, and reads those of every key.

    What is not encrypted is read as it is: a job that was started before encryption was turned on goes on.

    Args:
        ring: The keys.
        context: The workflow whose payloads these are; None when nobody said.
    """

    __slots__ = ("_context", "_ring")

    def __init__(self, ring: KeyRing, context: bytes | None = None) -> None:
        self._ring = ring
        self._context = context

    def with_context(self, context: SerializationContext) -> EncryptionCodec:
        """The codec of one workflow."""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext) and context.workflow_id:
            return EncryptionCodec(self._ring, context.workflow_id.encode())
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt."""
        key = self._ring.active
        return [
            Payload(
                metadata={"encoding": ENCODING.encode(), "encryption-cipher": CIPHER, KEY_ID: key.id.encode()},
                # Deterministic: the nonce is derived from these bytes, and metadata is a map.
                data=key.seal(payload.SerializeToString(deterministic=True), self._context),
            )
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt what is encrypted.

        Raises:
            EncryptionKeyError: a key is missing or another one.
        """
        return [self._decrypted(payload) if is_encrypted(payload) else payload for payload in payloads]

    def _decrypted(self, payload: Payload) -> Payload:
        key = self._ring.find(key_id_of(payload))
        return Payload.FromString(key.open(payload.data))


def is_encrypted(payload: Payload) -> bool:
    """Whether a payload is a ciphertext of ours."""
    return payload.metadata.get("encoding") == ENCODING.encode()


def key_id_of(payload: Payload) -> str:
    """Which key a ciphertext names."""
    return payload.metadata.get(KEY_ID, b"").decode(errors="replace")
