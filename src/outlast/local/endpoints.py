"""Where the embedded platform can be found, and the files it lives in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from outlast.errors import StateError


class Endpoints(BaseModel):
    """A running platform, as its host wrote it down."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pid: int
    """Process of the host."""
    temporal: str
    """Frontend as host:port."""
    temporal_ui: str
    """URL of Temporal's web UI."""
    offline: str
    """Base URL of the offline model server."""
    version: str
    """Of outlast; another version replaces the host once nobody uses it."""


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
        """Of the offline model server."""
        return self.folder / "ledger.db"

    @property
    def endpoints(self) -> Path:
        """Written by the host when all of it answers."""
        return self.folder / "platform.json"

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
            return Endpoints.model_validate_json(self.endpoints.read_text())
        except (OSError, ValidationError):
            return None

    def write(self, endpoints: Endpoints) -> None:
        """Write down a running platform, all at once."""
        draft = self.endpoints.with_suffix(".new")
        draft.write_text(endpoints.model_dump_json(indent=1))
        draft.replace(self.endpoints)
