"""What became of each job of a campaign, and how soon it went on after each blow. Plain values, kept as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from outlast.chaos.proof import Proof
from outlast.chaos.records import JobRecord, StepRecord
from outlast.chaos.schedule import Manner, Moment, Stop, Strike, Victim
from outlast.chaos.target import Blow
from outlast.chaos.verdict import Verdict
from outlast.ledger import LedgerRow


class Kept(BaseModel):
    """A part of a campaign's state file."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Paid(Kept):
    """What reached models for one job, whatever came of it."""

    requests: int = 0
    tokens: int = 0
    micro_usd: int = 0
    """Millionths of a dollar."""

    @classmethod
    def of(cls, rows: Iterable[LedgerRow]) -> Paid:
        """Added up from the rows of a ledger."""
        asked = [row for row in rows if row.kind == "model"]
        return cls(
            requests=len(asked),
            tokens=sum((row.input_tokens or 0) + (row.output_tokens or 0) for row in asked),
            micro_usd=sum(row.cost_micro_usd or 0 for row in asked),
        )


class PlainOutcome(Kept):
    """What became of a plain script, without Temporal, that is started anew whenever it dies."""

    number: int
    place: int | None = None
    """In the plan; None for one that nothing disturbed."""
    restarts: int = 0
    seconds: float = 0.0
    sha256: str | None = None
    paid: Paid = Paid()


class Struck(Kept):
    """What one strike did."""

    victim: Victim
    manner: Manner
    moment: Moment
    stop: Stop
    told: bool
    aim: str
    """The strike in words."""
    kind: str
    """What it is compared with."""
    hit: bool = False
    """False when the job had no such moment left."""
    at: float = 0.0
    back: float = 0.0
    who: str = ""
    activity: str = ""
    kills: int = 0
    elsewhere: float | None = None
    """Seconds from the blow to the next request of the step that it met; None when none was needed."""
    went_on: float | None = None
    """Seconds from the blow to the next thing that was recorded for the job: the result of the step, if it met one."""


class Outcome(Kept):
    """One job and what became of it."""

    job: str
    workflow: str
    number: int
    """Of the manifest that it was made from."""
    place: int | None = None
    """In the plan; None for an undisturbed twin."""
    struck: tuple[Struck, ...] = ()
    seconds: float = 0.0
    """From submitting it to its end."""
    sha256: str | None = None
    """Of its report."""
    failure: str = ""
    """Why there is no report."""
    verdict: Verdict = Verdict.UNKNOWN
    rulings: dict[str, Verdict] = {}
    """By invariant."""
    text: str = ""
    """The proof for people, kept only for one that is not clean."""
    paid: Paid = Paid()
    """What the ledger says that it took, repeats and cut requests included."""
    figures: dict[str, Annotated[int | float | str | dict[str, int], Field(union_mode="left_to_right")]] = {}

    @property
    def clean(self) -> bool:
        """Whether everything that has to hold was checked and holds."""
        return self.verdict is Verdict.TRUE


def struck_by(strike: Strike, blow: Blow | None, record: JobRecord | None, rows: Sequence[LedgerRow]) -> Struck:
    """What a strike did, by what history and ledger say of the time after it."""
    aimed = Struck(
        victim=strike.victim,
        manner=strike.manner,
        moment=strike.moment,
        stop=strike.stop,
        told=strike.told,
        aim=str(strike),
        kind=strike.kind,
    )
    if blow is None:
        return aimed
    return aimed.model_copy(
        update={
            "hit": True,
            "at": blow.at,
            "back": blow.back,
            "who": blow.who,
            "activity": blow.activity,
            "kills": blow.kills,
            "elsewhere": _elsewhere(blow, rows),
            "went_on": _went_on(blow, record) if record else None,
        }
    )


def judged(proof: Proof) -> dict[str, object]:
    """The fields of an outcome that a proof decides."""
    told = proof.as_json()
    return {
        "verdict": proof.verdict,
        "rulings": {ruling.name: ruling.verdict for ruling in proof.rulings},
        "text": "" if proof.verdict is Verdict.TRUE else proof.as_text(),
        "figures": told["figures"],
    }


def _elsewhere(blow: Blow, rows: Sequence[LedgerRow]) -> float | None:
    again = [row.started for row in rows if row.activity == blow.activity and row.started > blow.at]
    return min(again) - blow.at if blow.activity and again else None


def _went_on(blow: Blow, record: JobRecord) -> float | None:
    steps: dict[str, StepRecord] = {step.activity: step for step in record.steps}
    met = steps.get(blow.activity)
    if met is not None and met.completed is not None and met.completed > blow.at:
        return met.completed - blow.at
    later = [at for step in record.steps for at in (step.scheduled, step.completed) if at is not None and at > blow.at]
    return min(later) - blow.at if later else None
