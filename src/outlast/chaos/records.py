"""What Temporal recorded of a job, reduced to what a checker asks: no protobuf, no client, no I/O.

Times are epoch seconds, so that they can be set beside those of the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from outlast.usage.meter import Usage

MODEL_STEPS = ("__model_request", "__model_request_stream")
"""How the kinds of steps end that ask a model; the names are durable contracts of Pydantic AI."""

SOURCE_STEP = "__toolset__sources__call_tool"
"""How the kinds of steps end that search the sources of a job."""


class Status(StrEnum):
    """Whether a run goes on, and how it ended."""

    RUNNING = "Running"
    COMPLETED = "Completed"
    CONTINUED = "Continued"
    """It continued as a new run of the same job."""
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    TERMINATED = "Terminated"
    TIMED_OUT = "TimedOut"


class Ending(StrEnum):
    """How a step ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Failed:
    """Why an attempt failed, as the history has it."""

    type: str
    """Error type, or `HEARTBEAT`, `START_TO_CLOSE`, ... for a timeout."""
    message: str = ""
    timed_out: bool = False
    """Whether Temporal itself gave the attempt up."""

    def __str__(self) -> str:
        return f"{self.type} timeout" if self.timed_out else self.type


@dataclass(frozen=True, slots=True)
class End:
    """One closing event of a step."""

    event: int
    ending: Ending
    at: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a recorded model response says of itself."""

    model: str
    response_id: str
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One scheduled activity."""

    run: str
    activity: str
    kind: str
    event: int
    """Id of its scheduled event."""
    scheduled: float
    attempt: int | None = None
    """Number of the last attempt that began; None when nobody can tell, 0 when none did."""
    started: float | None = None
    """Start of that last attempt. Temporal keeps no other."""
    worker: str | None = None
    """Identity of the worker that made it."""
    failures: Mapping[int, Failed] = field(default_factory=dict)
    """Why earlier attempts failed, by number: Temporal keeps the last one, a takeover hands on those before."""
    ends: tuple[End, ...] = ()
    answer: Answer | None = None
    """Of a model step that completed and whose payload could be read."""

    @property
    def asks_model(self) -> bool:
        """Whether its requests go to a model."""
        return self.kind.endswith(MODEL_STEPS)

    @property
    def asks_source(self) -> bool:
        """Whether it searches sources."""
        return self.kind.endswith(SOURCE_STEP)

    @property
    def role(self) -> str:
        """The agent it serves, empty for other steps."""
        parts = self.kind.split("__")
        return parts[1] if parts[0] == "agent" and len(parts) > 2 else ""

    @property
    def completed(self) -> float | None:
        """When its result was recorded."""
        return next((end.at for end in self.ends if end.ending is Ending.COMPLETED), None)

    @property
    def closed(self) -> float | None:
        """When its first closing event was recorded, result or not."""
        return min((end.at for end in self.ends), default=None)

    def __str__(self) -> str:
        return f"{self.kind}#{self.activity}"


@dataclass(frozen=True, slots=True)
class Pickup:
    """A worker took the workflow up that another one, or none, had before."""

    at: float
    worker: str
    replayed: int
    """Steps that were recorded by then, and came from history."""
    seconds: float | None = None
    """From there to its first decision, replay included; None when it came to none."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A workflow task that nobody finished: its worker was gone."""

    since: float
    """When that worker was last seen in this history."""
    until: float
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run of a job."""

    run: str
    status: Status
    events: int
    """How many events were read."""
    began: float = 0.0
    """Time of the first one."""
    flaws: tuple[str, ...] = ()
    """What is wrong with the history itself: gaps, repeats, ends of steps that never began."""
    steps: tuple[StepRecord, ...] = ()
    pickups: tuple[Pickup, ...] = ()
    """Every time the workflow was taken up, the first included."""
    silences: tuple[Silence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """One job with all its runs, oldest first."""

    job: str
    runs: tuple[RunRecord, ...]
    usage: Mapping[str, Usage] | None = None
    """What its result says that each role used; None without a readable result."""
    report_sha256: str | None = None
    """Digest of its report; None without a readable one."""
    read_at: float = 0.0
    """When reading began: what happened later may be missing here while it is in a ledger."""
    unread: tuple[str, ...] = ()
    """What could not be read, in sentences."""

    @property
    def status(self) -> Status:
        """Of its last run."""
        return self.runs[-1].status if self.runs else Status.RUNNING

    @property
    def began(self) -> float:
        """Start of its first run."""
        return self.runs[0].began if self.runs else 0.0

    @property
    def steps(self) -> tuple[StepRecord, ...]:
        """Of all runs."""
        return tuple(step for run in self.runs for step in run.steps)
