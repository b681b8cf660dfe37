"""What a ledger row says, for those who check it: no SQL, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from outlast.errors import StateError
from outlast.steps import Step


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended."""

    name: str
    """`ok`: the whole answer was handed to the network. `fault:KIND`: an injected fault decided the end.
    `error:CODE`: refused or failed. `cut`: the client went away before the answer was complete."""
    status: int | None = None
    """HTTP status that was sent, None when none was."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_micro_usd: int | None = None
    """Millionths of a US dollar, by the price list of whoever answered."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One request: what is known before the work, then what is known after it."""

    seq: int
    """Order of arrival in this ledger, rising, starting at 1."""
    request_id: str
    kind: str
    """`model` or `source`."""
    name: str
    """The server or source that was asked."""
    job: str | None
    """This and the next four name the step; all None for a foreign client."""
    run: str | None
    activity: str | None
    step_kind: str | None
    attempt: int | None
    subject: str | None
    """The model asked for, or the query; None where the request names none."""
    sha256: str
    """Hex digest of the canonical request: equal for a request that is sent again."""
    fault: str | None
    """Kind of the fault injected into this request."""
    started: float
    """Epoch seconds, on the clock of the machine that keeps the ledger."""
    ended: float | None
    """Epoch seconds; None while the work goes on, and for ever when its process was killed."""
    outcome: str | None
    """See `Outcome.name`; None together with `ended`."""
    status: int | None
    input_tokens: int | None
    output_tokens: int | None
    cost_micro_usd: int | None

    @property
    def is_open(self) -> bool:
        """Whether nobody recorded an end."""
        return self.ended is None

    @property
    def step(self) -> Step | None:
        """The step that sent the request, None for a foreign client."""
        if None in (self.job, self.run, self.activity, self.step_kind, self.attempt):
            return None
        return Step(
            job=str(self.job),
            run=str(self.run),
            activity=str(self.activity),
            kind=str(self.step_kind),
            attempt=int(self.attempt or 0),
        )

    def as_json(self) -> dict[str, Any]:
        """The row as `GET /ledger` sends it."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read a row that another machine sent; fields that this version doesn't know are dropped.

        Raises:
            StateError: fields are missing: the sender keeps another kind of ledger.
        """
        known = [field.name for field in fields(cls)]
        if missing := [name for name in known if name not in row]:
            raise StateError(f"That is no ledger row: {', '.join(missing)} missing; found {sorted(row)!r}.")
        return cls(**{name: row[name] for name in known})
