"""Stores a large result while its step still beats.

The SDK converts and stores a result after the activity returned, when heartbeats have ended: a slow store would make a
living worker look dead, and a failing one would throw away an answer that was paid for. So a result over the threshold
is stored here first, as often as it takes; the SDK then finds it there, since a payload makes the same bytes each time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    StorageDriverStoreContext,
    StorageDriverWorkflowInfo,
    WithSerializationContext,
)

from outlast.errors import PayloadStoreError

PATIENCE_SECONDS = 300
"""How long a store gets to recover before the attempt fails and its work is lost."""

LONGEST_PAUSE_SECONDS = 10.0

log = logging.getLogger(__name__)


class Offload:
    """Stores large results.

    Args:
        converter: With an external storage; without one this does nothing.
    """

    def __init__(self, converter: DataConverter) -> None:
        self._codec = converter.payload_codec
        self._storage = converter.external_storage

    async def store_ahead(self, payload: Payload) -> None:
        """Store a converted result if it is large.

        Raises:
            PayloadStoreError: the store did not recover in time.
        """
        if self._storage is None or payload.ByteSize() < self._storage.payload_size_threshold:
            return
        info = activity.info()
        target = StorageDriverWorkflowInfo(
            id=info.workflow_id, type=info.workflow_type, run_id=info.workflow_run_id, namespace=info.namespace
        )
        (driver,) = self._storage.drivers
        sealed = await self._sealed(payload, info)
        await _patiently(lambda: driver.store(StorageDriverStoreContext(target=target), [sealed]))

    async def _sealed(self, payload: Payload, info: activity.Info) -> Payload:
        codec = self._codec
        if codec is None:
            return payload
        if isinstance(codec, WithSerializationContext):
            codec = codec.with_context(
                ActivitySerializationContext(
                    namespace=info.namespace,
                    activity_id=info.activity_id,
                    activity_type=info.activity_type,
                    activity_task_queue=info.task_queue,
                    workflow_id=info.workflow_id,
                    workflow_type=info.workflow_type,
                    is_local=info.is_local,
                )
            )
        (sealed,) = await codec.encode([payload])
        return sealed


async def _patiently(store: Callable[[], Awaitable[object]]) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    pause = 0.2
    while True:
        try:
            await store()
        except PayloadStoreError as error:
            if asyncio.get_running_loop().time() + pause > deadline:
                raise
            log.warning("a finished step waits for the payload store: %s", error)
        else:
            return
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
