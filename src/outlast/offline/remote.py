"""What a checker or a chaos run asks of an offline model server elsewhere: its ledger, other faults."""

from __future__ import annotations

from typing import Any

import aiohttp

from outlast.errors import StateError, UnreachableError
from outlast.ledger import LedgerRow
from outlast.offline.faults import FaultConfig

TIMEOUT = aiohttp.ClientTimeout(total=30)
"""Bounds each request: a server that is stalled on purpose still answers these pages at once."""


async def fetch_rows(url: str, job: str | None = None) -> list[LedgerRow]:
    """The ledger of the server at `url`, its root.

    Raises:
        UnreachableError: nobody answers there.
        StateError: the server can't read its ledger, or is no offline model server.
    """
    rows: list[LedgerRow] = []
    query = {"after": "0"} | ({"job": job} if job is not None else {})
    while True:
        page = await _ask("GET", f"{url}/ledger", params=query)
        rows += map(LedgerRow.from_json, page["rows"])
        if page["next"] is None:
            return rows
        query["after"] = str(page["next"])


async def put_faults(url: str, faults: FaultConfig) -> None:
    """Change the faults of the server at `url`, its root.

    Raises:
        UnreachableError: nobody answers there.
        StateError: the server was started without fault control.
    """
    await _ask("PUT", f"{url}/faults", json=faults.model_dump(mode="json"))


async def _ask(method: str, url: str, **options: Any) -> dict[str, Any]:
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as session,
            session.request(method, url, **options) as response,
        ):
            answer = await response.json()
    except (aiohttp.ContentTypeError, ValueError) as error:
        raise StateError(f"{method} {url} answers no JSON: is it an offline model server? {error}") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise UnreachableError(f"No offline model server answers at {url}: {reason}. Is it running?") from error
    if response.status != 200:
        raise StateError(f"{method} {url} was refused with {response.status}: {answer['error']['message']}")
    return dict(answer)
