"""Workers by their signatures: which rows of a drawing they have, and what people call them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_POD = re.compile(r"^(?P<pod>[a-z0-9][-a-z0-9.]*)/(?P<uid>[0-9a-f-]{36})(?:/[\d.]+)?$")
_PROCESS = re.compile(r"^(?P<pid>\d+)@(?P<host>[^@]+)(?:@(?P<started>\d+))?$")

NOBODY = "unknown worker"
"""Name of the row of steps of which nobody can tell who made them."""

ID_CHARACTERS = 40
"""Of a signature in a form that we don't know."""


def row_key(identity: str) -> str:
    """What tells workers apart: a container that restarts in its pod stays in the pod's row, a process has its own."""
    match = _POD.match(identity)
    return f"{match['pod']}/{match['uid']}" if match else identity


def worker_name(identity: str) -> str:
    """What people call it: the name of a pod, the number of a process."""
    if not identity:
        return NOBODY
    if match := _POD.match(identity):
        return match["pod"]
    if match := _PROCESS.match(identity):
        return f"process {match['pid']}"
    return identity if len(identity) <= ID_CHARACTERS else f"{identity[: ID_CHARACTERS - 1]}…"


def worker_names(identities: Iterable[str]) -> dict[str, str]:
    """A name for each that none of the others has: with its host, or a number, where the short one is taken."""
    names: dict[str, str] = {}
    for identity in identities:
        name = short = worker_name(identity)
        if name in names.values() and (match := _PROCESS.match(identity)):
            name = f"{short} on {match['host']}"
        number = 2
        while name in names.values():
            name, number = f"{short} ({number})", number + 1
        names[identity] = name
    return names
