"""The ledgers that a verb reads beside a history: those it was told of, else the usual ones."""

from __future__ import annotations

from pathlib import Path

from outlast.chaos.join import LedgerCopy
from outlast.errors import StateError, UnreachableError
from outlast.ledger import read_rows
from outlast.local.endpoints import PlatformFiles
from outlast.offline.remote import fetch_rows
from outlast.settings import Settings


async def read_ledgers(settings: Settings, named: list[str]) -> tuple[list[LedgerCopy], list[str]]:
    """The ledgers that can be read, and a sentence for each that can't.

    Args:
        settings: Where the usual ones are.
        named: Files and URLs instead of those.
    """
    ledgers: list[LedgerCopy] = []
    unread: list[str] = []
    for origin in named or _usual(settings):
        try:
            ledgers.append(await _ledger(origin))
        except (StateError, UnreachableError) as error:
            unread.append(str(error))
    return ledgers, unread


async def _ledger(origin: str) -> LedgerCopy:
    if origin.startswith(("http://", "https://")):
        return LedgerCopy(origin, tuple(await fetch_rows(origin.rstrip("/").removesuffix("/v1"))))
    return LedgerCopy(origin, tuple(read_rows(Path(origin))))


def _usual(settings: Settings) -> list[str]:
    own = PlatformFiles(settings.state_dir).ledger
    found = [str(path) for path in (settings.ledger, own) if path is not None and path.exists()]
    if settings.offline_url is not None:
        found.append(settings.offline_url)
    return list(dict.fromkeys(found))
