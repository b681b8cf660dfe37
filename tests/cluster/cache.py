"""Finished things kept under a name that says what they were made from.

An entry appears whole or not at all (built aside, then renamed), and a lock keeps two runs from building it twice.
Entries are never changed after they appear.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.paths import cache_root
from tests.cluster.progress import progress, say

KEY_LENGTH = 12


def content_key(recipe: object) -> str:
    """A short name for what something is made from: equal recipes have equal keys in any process."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]


def provide(name: str, version: str, key: str, fill: Callable[[Path, Path], None]) -> Path:
    """The folder of an entry, made by `fill(folder, log)` if it is not there yet."""
    root = cache_root()
    entry = root / f"{name}-{version}-{key}"
    if entry.is_dir():
        return entry
    (root / "log").mkdir(parents=True, exist_ok=True)
    with _lock(root / "log" / f"{name}.lock", name):
        if entry.is_dir():  # the run that held the lock made it
            return entry
        _build(entry, root / "log" / f"{name}.log", fill, f"{name} {version}")
    return entry


def _build(entry: Path, log: Path, fill: Callable[[Path, Path], None], label: str) -> None:
    aside = entry.with_name(f".{entry.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)  # what a killed run left; we hold the lock
    aside.mkdir()
    log.write_bytes(b"")
    with progress(label):
        fill(aside, log)
    aside.rename(entry)


@contextmanager
def _lock(path: Path, name: str) -> Iterator[None]:
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{name}: another run is building it; waiting for that")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
