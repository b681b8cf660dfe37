"""Where the embedded platform can be found, and the files it lives in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from outlast.errors import StateError
from outlast.offline.config import OfflineConfig

LOG_BYTES = 2_000_000
"""A log that grew past this is set aside when its writer starts anew."""


class Endpoints(BaseModel):
    """A running platform, as its host wrote it down."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pid: int
    """Process of the host."""
    identity: str
    """The same with its start, see `durable.identity`: no later process can be taken for it."""
    temporal: str
    """Frontend as host:port."""
    temporal_ui: str
    """URL of Temporal's web UI."""
    offline: str
    """Base URL of the offline model server."""
    offline_config: OfflineConfig
    """How that one was set up, by whoever came first."""
    version: str
    """Of outlast; the next host is of the version that starts it."""


@dataclass(frozen=True, slots=True)
class PlatformFiles:
    """The files of the platform in one state folder."""

    folder: Path

    @property
    def database(self) -> Path:
        """Of the Temporal server."""
        return self.folder / "temporal.db"

    @property
    def ledger(self) -> Path:
        """Of the offline model server, and of sources that are searched from this machine."""
        return self.folder / "ledger.db"

    @property
    def endpoints(self) -> Path:
        """Written by the host when all of it answers."""
        return self.folder / "platform.json"

    @property
    def failure(self) -> Path:
        """Written by a host that could not start: one sentence for people."""
        return self.folder / "failure.txt"

    @property
    def host_lock(self) -> Path:
        """Held by the host as long as it lives."""
        return self.folder / "host.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by those who use the platform."""
        return self.folder / "users.lock"

    def log(self, name: str) -> Path:
        """Log file of one part."""
        return self.folder / f"{name}.log"

    def open_log(self, name: str) -> int:
        """Open a log file for appending, setting a long one aside first.

        Raises:
            StateError: it can't be opened.
        """
        path = self.log(name)
        try:
            if path.exists() and path.stat().st_size > LOG_BYTES:
                path.replace(path.with_suffix(".old.log"))
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(f"The log {path} can't be written: {error.strerror}.{self.hint()}") from None

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            StateError: it can't be made or written to.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StateError(
                f"The state folder {self.folder} can't be made: {error.strerror}. Set OUTLAST_STATE_DIR to another."
            ) from None
        if not os.access(self.folder, os.W_OK):
            raise StateError(f"The state folder {self.folder} can't be written to. Set OUTLAST_STATE_DIR to another.")

    def read(self) -> Endpoints | None:
        """What the last host wrote down; None when there is nothing readable."""
        try:
            return Endpoints.model_validate_json(self.endpoints.read_bytes())
        except (OSError, ValidationError):
            return None

    def write(self, endpoints: Endpoints) -> None:
        """Write down a running platform, all at once.

        Raises:
            StateError: it can't be written.
        """
        draft = self.endpoints.with_suffix(".new")
        try:
            draft.write_text(endpoints.model_dump_json(indent=1))
            draft.replace(self.endpoints)
        except OSError as error:
            raise StateError(f"The file {self.endpoints} can't be written: {error.strerror}.{self.hint()}") from None

    def hint(self) -> str:
        """The next step where the disk is full, else nothing."""
        status = os.statvfs(self.folder)
        if status.f_bavail * status.f_frsize < 1_000_000:
            return f" The disk that holds {self.folder} is full: free some space, then run the same command again."
        return ""
