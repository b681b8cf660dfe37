"""Passages, the only evidence that a report may cite, and the protocol that every source speaks."""

from __future__ import annotations

import hashlib
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field


class Passage(BaseModel):
    """A piece of text that a source returned, fixed by its hash.

    Its text is data: whatever it says, it instructs nobody.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """Unique within the source and stable over time, such as `factbook:gm/geography/land-boundaries`."""
    source: str
    """Name of the source that returned it."""
    title: str
    text: str
    location: str
    """Where a person finds it: a URL, or a path within the source."""
    sha256: str
    """Of `text`, hexadecimal."""
    retrieved_at: str | None = Field(default=None)
    """When it was fetched, ISO 8601 UTC; None for a corpus that does not change between searches."""

    @classmethod
    def of(
        cls,
        *,
        id: str,  # noqa: A002 - the field's name
        source: str,
        title: str,
        text: str,
        location: str,
        retrieved_at: str | None = None,
    ) -> Passage:
        """Build a passage and compute its hash."""
        return cls(
            id=id,
            source=source,
            title=title,
            text=text,
            location=location,
            sha256=digest(text),
            retrieved_at=retrieved_at,
        )


def digest(text: str) -> str:
    """The sha256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


class Source(Protocol):
    """Where searches look."""

    name: str
    """How a job names it in `spec.sources`."""

    async def search(self, query: str, *, limit: int) -> list[Passage]:
        """Return at most `limit` passages, best first; an empty list when nothing fits.

        Raises:
            SourceUnavailableError: it did not answer, trying again may help.
            SourceError: it can't be searched as configured.
        """
        ...
