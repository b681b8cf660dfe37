"""The TwentyQuestions resource: a game as a manifest, in the words that research jobs use for what both have."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from outlast.job.spec import API_VERSION, MAX_SECONDS, Budget, Metadata, ModelName, Name, Resource

KIND = "TwentyQuestions"
WORKFLOW_TYPE = KIND

MAX_SECRET = 100
"""Characters of a secret at the most."""

Secret = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SECRET, pattern=r"^.*[^\W_].*$")
]


class GameModels(Resource):
    """Model by role; a role that names none uses `model`."""

    questioner: ModelName | None = None
    """Model that asks."""
    answerer: ModelName | None = None
    """Model that knows the secret and answers; not used with `oracle`."""


class GameSpec(Resource):
    """What is played, by whom, within which bounds."""

    secret: Secret
    """What the questioner has to find out, one line. It is told to the answerer alone. Immutable."""
    oracle: bool = False
    """True: the secret is a country, and its fields in the CIA World Factbook answer instead of a model."""
    max_questions: Annotated[int, Field(ge=1, le=100)] = 20
    """The most questions that may be asked."""
    model: ModelName | None = None
    """Model of every role that names none, as Pydantic AI spells it; unset, the worker's default."""
    models: GameModels = Field(default_factory=GameModels)
    """Model by role."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """Sent with every model request, and seeds the simulated failures: the same game again, if models heed it."""
    failure_rate: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    """Share of the attempts at model requests and tool calls that fail on purpose, to show that the game goes on."""
    budget: Budget = Field(default_factory=Budget)
    """What the game may use; empty means no bound."""
    active_deadline_seconds: Annotated[int, Field(ge=1, le=MAX_SECONDS)] | None = None
    """Seconds after its start at which the game fails."""
    backoff_limit: Annotated[int, Field(ge=0, le=100)] = 5
    """How often a failing step is tried again before the game fails."""
    task_queue: Name | None = None
    """Task queue whose workers play; unset, the default one."""


class TwentyQuestions(Resource):
    """A game of Twenty Questions, played by `outlast play`."""

    api_version: Literal["outlast.dev/v1alpha1"] = API_VERSION  # type: ignore[assignment]
    kind: Literal["TwentyQuestions"] = KIND  # type: ignore[assignment]
    metadata: Metadata = Field(default_factory=Metadata)
    spec: GameSpec

    @model_validator(mode="after")
    def _is_of_no_cluster(self) -> Self:
        if self.metadata.namespace is not None:
            raise ValueError(
                "metadata.namespace has no meaning for a TwentyQuestions: no cluster knows this kind yet, "
                "`outlast play` plays it on this machine"
            )
        return self
