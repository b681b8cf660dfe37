"""A payload store in an S3 bucket: for clusters, where no folder is shared.

Region, credentials and endpoint come from where every AWS client finds them (`AWS_REGION`, `AWS_ENDPOINT_URL_S3`, a
service account, ...). The driver is the SDK's; here are its client, a prefix, and sentences for its errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.aws.s3driver import S3StorageDriver, S3StorageDriverClient
from temporalio.converter import StorageDriverClaim, StorageDriverRetrieveContext, StorageDriverStoreContext

from outlast.errors import PayloadStoreError

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})
"""Short of the hour that a step may take, long enough for a large report over a slow line."""

_MAX_POOL = 32


class _Bucket(S3StorageDriverClient):
    """S3 through the synchronous client in threads: unlike an asynchronous one it needs nobody to close it."""

    def __init__(self, prefix: str) -> None:
        self._prefix = f"{prefix}/" if prefix else ""
        self._s3: Any = boto3.client("s3", config=_CONFIG.merge(Config(max_pool_connections=_MAX_POOL)))

    async def put_object(self, *, bucket: str, key: str, data: bytes) -> None:
        await asyncio.to_thread(self._s3.put_object, Bucket=bucket, Key=self._prefix + key, Body=data)

    async def object_exists(self, *, bucket: str, key: str) -> bool:
        try:
            await asyncio.to_thread(self._s3.head_object, Bucket=bucket, Key=self._prefix + key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "404":
                return False
            raise
        return True

    async def get_object(self, *, bucket: str, key: str) -> bytes:
        def read() -> bytes:
            body: bytes = self._s3.get_object(Bucket=bucket, Key=self._prefix + key)["Body"].read()
            return body

        return await asyncio.to_thread(read)


class _S3Driver(S3StorageDriver):
    # The driver names an object by the hash of a payload's bytes, and each process writes metadata, a map, in another
    # order. In an envelope without metadata a replay finds its objects there instead of adding new ones.

    async def store(self, context: StorageDriverStoreContext, payloads: Sequence[Payload]) -> list[StorageDriverClaim]:
        envelopes = [Payload(data=payload.SerializeToString(deterministic=True)) for payload in payloads]
        try:
            return await super().store(context, envelopes)
        except (RuntimeError, ValueError) as error:
            raise PayloadStoreError(_sentence("can't be stored", error)) from None

    async def retrieve(
        self, context: StorageDriverRetrieveContext, claims: Sequence[StorageDriverClaim]
    ) -> list[Payload]:
        try:
            return [Payload.FromString(envelope.data) for envelope in await super().retrieve(context, claims)]
        except (RuntimeError, ValueError) as error:
            raise PayloadStoreError(_sentence("can't be read back", error)) from None


def s3_driver(bucket: str, prefix: str) -> S3StorageDriver:
    """The driver of one bucket.

    Args:
        bucket: Its name.
        prefix: Of every key, without slashes at its ends; may be empty.
    """
    return _S3Driver(_Bucket(prefix), bucket=bucket)


def _sentence(what: str, error: Exception) -> str:
    cause = error.__cause__
    reason = f"{error}: {cause}" if isinstance(cause, ClientError | BotoCoreError) else str(error)
    return f"A payload {what} in the S3 bucket (OUTLAST_PAYLOAD_STORE): {reason}."
