"""Reading the API server's audit log: what was really asked, by whom, and what the answer was."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class AuditEvent:
    """One answered request."""

    user: str
    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    at: str
    """When the request arrived, RFC 3339 with microseconds."""

    @classmethod
    def parse(cls, record: dict[str, Any]) -> "AuditEvent":
        """Read one line of the log; a request for no resource has empty fields where one would be named."""
        target = record.get("objectRef", {})
        impersonated = record.get("impersonatedUser", {}).get("username")
        return cls(
            user=impersonated or record["user"].get("username", ""),
            verb=record["verb"],
            group=target.get("apiGroup", ""),
            resource=target.get("resource", ""),
            subresource=target.get("subresource", ""),
            namespace=target.get("namespace", ""),
            name=target.get("name", ""),
            code=record.get("responseStatus", {}).get("code", 0),
            at=record["requestReceivedTimestamp"],
        )


@dataclass(frozen=True)
class AuditLog:
    """The log of one API server; take a `position` before an act and read what came after it."""

    path: Path

    def position(self) -> int:
        """The present end of the log."""
        return self.path.stat().st_size if self.path.exists() else 0

    def since(self, position: int = 0, *, user: str = "") -> list[AuditEvent]:
        """Finished requests after a position, of one user if given (`system:serviceaccount:NAMESPACE:NAME`)."""
        return [event for event in self._events(position) if not user or event.user == user]

    def _events(self, position: int) -> Iterator[AuditEvent]:
        if not self.path.exists():
            return
        with self.path.open("rb") as log:
            log.seek(position)
            for line in log:
                if not line.endswith(b"\n"):  # being written at this moment
                    return
                record = json.loads(line)
                if record["stage"] in ("ResponseComplete", "Panic"):
                    yield AuditEvent.parse(record)
