"""Connections to Temporal, with one data converter for every client and worker."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic_ai.durable_exec.temporal import PydanticAIPlugin
from temporalio.client import Client
from temporalio.service import RPCError, TLSConfig

from outlast.errors import SettingsError, UnreachableError
from outlast.settings import Settings

CONNECT_SECONDS = 10
"""How long a frontend gets to answer before the caller is told that it does not."""


async def connect(settings: Settings, *, address: str | None = None) -> Client:
    """Connect to the frontend that the settings name.

    Args:
        address: Instead of the one in the settings.

    Raises:
        SettingsError: no address is set, or a TLS file can't be read.
        UnreachableError: nobody answers there.
    """
    target = address or settings.temporal_address
    if target is None:
        raise SettingsError("OUTLAST_TEMPORAL_ADDRESS is not set: give the frontend of Temporal as host:port.")
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await Client.connect(
                target,
                namespace=settings.temporal_namespace,
                api_key=settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None,
                tls=_tls(settings),
                identity=settings.identity,
                plugins=[PydanticAIPlugin()],
            )
    except (RPCError, RuntimeError, TimeoutError) as error:
        raise UnreachableError(
            f"Temporal does not answer at {target} (namespace {settings.temporal_namespace!r}): "
            f"{error or 'timed out'}. "
            "Is the server running, and the address right?"
        ) from None


def _tls(settings: Settings) -> TLSConfig | bool:
    files = (settings.temporal_tls_ca, settings.temporal_tls_cert, settings.temporal_tls_key)
    if not any(files):
        return settings.temporal_api_key is not None
    ca, cert, key = (_read(file) for file in files)
    return TLSConfig(server_root_ca_cert=ca, client_cert=cert, client_private_key=key)


def _read(file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError(f"The TLS file {file} can't be read: {error.strerror}.") from None
