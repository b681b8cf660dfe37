"""Connections to Temporal, with one data converter for every client and worker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import KeepAliveConfig, RPCError, TLSConfig

from outlast.errors import SettingsError, UnreachableError
from outlast.settings import Settings

CONNECT_SECONDS = 10
"""How long a frontend gets to answer before the caller is told that it does not."""

KEEP_ALIVE = KeepAliveConfig(interval_millis=12_000, timeout_millis=5_000)
"""How soon a frontend that went without a word is noticed: the address of a deleted pod answers nothing at all.
The server refuses clients that ask more often than every 10 s (frontend.keepAliveMinTime)."""

STARTING = "Frontend is not healthy yet"
"""Said by a server that accepts connections and is about to serve; anything else is told to the caller at once."""


async def connect(
    settings: Settings, *, address: str | None = None, runtime: Runtime | None = None, payloads: bool = True
) -> Client:
    """Connect to the frontend that the settings name.

    Args:
        address: Instead of the one in the settings.
        runtime: Of the SDK, for a worker that serves its metrics; None takes the process's own.
        payloads: Whether the caller reads or writes payloads; lists do not, and are spared the slow import of what
            converts them.

    Raises:
        SettingsError: no address is set, or a file that the settings name can't be read.
        UnreachableError: nobody answers there.
    """
    target = address or settings.temporal_address
    if target is None:
        raise SettingsError("OUTLAST_TEMPORAL_ADDRESS is not set: give the frontend of Temporal as host:port.")
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await _connected(settings, target, runtime, _payload_config(settings) if payloads else {})
    except ValueError as error:
        raise SettingsError(f"The address of Temporal, {target!r}, is no host:port: {error}.") from None
    except (RPCError, RuntimeError, TimeoutError) as error:
        raise UnreachableError(
            f"Temporal does not answer at {target} (namespace {settings.temporal_namespace!r}): "
            f"{error or 'timed out'}. "
            "Is the server running, and the address right?"
        ) from None


async def _connected(
    settings: Settings, target: str, runtime: Runtime | None, payload_config: dict[str, Any]
) -> Client:
    tls = _tls(settings)
    while True:
        try:
            return await Client.connect(
                target,
                namespace=settings.temporal_namespace,
                api_key=settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None,
                tls=tls,
                identity=settings.identity,
                runtime=runtime,
                keep_alive_config=KEEP_ALIVE,
                **payload_config,
            )
        except RuntimeError as error:
            if STARTING not in str(error):
                raise
        await asyncio.sleep(0.1)


def _payload_config(settings: Settings) -> dict[str, Any]:
    from pydantic_ai.durable_exec.temporal import PydanticAIPlugin

    from outlast.durable.converter import data_converter

    return {"data_converter": data_converter(settings), "plugins": [PydanticAIPlugin()]}


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
