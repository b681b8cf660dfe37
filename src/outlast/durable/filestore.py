"""A payload store in a folder: for one machine, or for several that mount the same volume.

A payload lies under its job, by the hash of its bytes: storing it again writes nothing, and the payloads of a job can
be removed with its folder. Files appear whole or not at all.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
    StorageDriverWorkflowInfo,
)

from outlast.errors import PayloadStoreError

_PLACE = re.compile(r"[A-Za-z0-9_.%~-]{1,255}/[A-Za-z0-9_.%~-]{1,255}/[0-9a-f]{64}")
"""Namespace, job, hash. References come from histories: none may lead out of the store."""


class FileStorageDriver(StorageDriver):
    """Keeps payloads in a folder.

    Args:
        folder: Made when absent.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def name(self) -> str:
        """Stands in histories: a contract."""
        return "outlast.file"

    async def store(self, context: StorageDriverStoreContext, payloads: Sequence[Payload]) -> list[StorageDriverClaim]:
        """Write what is not there yet.

        Raises:
            PayloadStoreError: the folder can't be written to.
        """
        return await asyncio.to_thread(lambda: [self._write(_job_folder(context), payload) for payload in payloads])

    async def retrieve(
        self, context: StorageDriverRetrieveContext, claims: Sequence[StorageDriverClaim]
    ) -> list[Payload]:
        """Read and verify.

        Raises:
            PayloadStoreError: one is missing, or not what was stored.
        """
        return await asyncio.to_thread(lambda: [self._read(claim) for claim in claims])

    def _write(self, job_folder: str, payload: Payload) -> StorageDriverClaim:
        data = payload.SerializeToString(deterministic=True)
        digest = hashlib.sha256(data).hexdigest()
        place = f"{job_folder}/{digest}"
        path = self._folder / place
        if not path.exists():
            try:
                _write_whole(path, data)
            except OSError as error:
                raise PayloadStoreError(
                    f"A payload of {len(data)} bytes can't be stored in {self._folder}: {error.strerror or error}. "
                    "Make room there, or let this process write to it (OUTLAST_PAYLOAD_STORE)."
                ) from None
        return StorageDriverClaim(claim_data={"place": place})

    def _read(self, claim: StorageDriverClaim) -> Payload:
        place = claim.claim_data.get("place", "")
        if not _PLACE.fullmatch(place) or ".." in place.split("/"):
            raise PayloadStoreError(f"{place!r} is no place in the payload store {self._folder}.")
        try:
            data = (self._folder / place).read_bytes()
        except OSError as error:
            raise PayloadStoreError(
                f"The payload {place} is not in the payload store {self._folder}: {error.strerror or error}. "
                "Every worker and client has to see the same folder; what was deleted has to be restored."
            ) from None
        if hashlib.sha256(data).hexdigest() != place.rpartition("/")[2]:
            raise PayloadStoreError(
                f"The payload {place} in the payload store {self._folder} was altered: its hash is another one. "
                "Restore the file from a copy."
            )
        return Payload.FromString(data)


def _job_folder(context: StorageDriverStoreContext) -> str:
    target = context.target
    namespace = (target.namespace if target else None) or "none"
    job = (target.id if isinstance(target, StorageDriverWorkflowInfo) else None) or "none"
    return f"{_segment(namespace)}/{_segment(job)}"


def _segment(name: str) -> str:
    quoted = quote(name, safe="")
    if quoted.strip(".") and len(quoted) <= 255:
        return quoted
    return "~" + hashlib.sha256(name.encode()).hexdigest()  # too long for a file name, or one that means a folder


def _write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft, name = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    try:
        with os.fdopen(draft, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name has to outlive a power cut too: history will refer to it
    finally:
        os.close(folder)
