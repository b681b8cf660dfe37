"""Which request meets which fault: configuration and decision, no network.

The decision is a pure function of the configuration, the seed, the request and how often it was sent, so a run that is
repeated meets the same faults, and a request that is sent again draws anew: none is doomed unless its rate is 1.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

Rate = Annotated[float, Field(ge=0, le=1)]


class FaultKind(StrEnum):
    """What can go wrong with a request; the order is that of the draw."""

    RATE_LIMIT = "429"
    """Refused at once, with `Retry-After`."""
    SERVER_ERROR = "500"
    """Refused at once."""
    UNAVAILABLE = "503"
    """Refused at once, with `Retry-After`."""
    STALL = "stall"
    """Accepted, then silence; an answer follows when `stall_seconds` says so."""
    RESET = "reset"
    """The connection is reset in the middle of the answer."""
    MALFORMED = "malformed"
    """Status 200 and JSON that ends too early."""
    HALF_STREAM = "half-stream"
    """The connection is closed in the middle of the answer."""


class AimedFault(BaseModel):
    """A fault for the next requests of certain steps, whatever the rates say."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: FaultKind
    steps: str = "*"
    """Glob over step kinds, such as `agent__searcher__*`; only `*` meets clients that name no step."""
    job: str = "*"
    """Glob over jobs."""
    count: PositiveInt = 1
    """How many requests it strikes before it is spent."""


class FaultConfig(BaseModel):
    """Which faults strike, and how often. Without any field nothing does."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    rates: dict[FaultKind, Rate] = {}
    """Share of requests by kind; together 1 at the most. Excludes `rate` and `mix`."""
    rate: Rate = 0.0
    """Share of all requests that meet a fault, its kind drawn from `mix`."""
    mix: dict[FaultKind, PositiveFloat] = {}
    """Weights of the kinds in `rate`; every kind alike when empty."""
    max_per_request: PositiveInt | None = None
    """Only the first so many sends of one request can be struck; None for no bound."""
    retry_after_seconds: NonNegativeFloat = 1.0
    """What 429 and 503 ask for; fractions are sent as they are."""
    stall_seconds: PositiveFloat | None = None
    """How long a stall lasts before the answer follows; None for as long as the client stays."""
    aimed: tuple[AimedFault, ...] = ()
    """Faults for the next requests of certain steps; they go before the rates, the first that matches strikes."""
    seed: int | None = None
    """Seed of the draw; None takes the server's."""

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if self.rates and (self.rate or self.mix):
            raise ValueError("give either `rates`, or `rate` with an optional `mix`")
        if self.mix and not self.rate:
            raise ValueError("`mix` without `rate` strikes nothing; give a `rate` above 0")
        if (total := sum(self.rates.values())) > 1 + 1e-9:
            raise ValueError(f"`rates` add up to {total:g}, more than every request")
        return self

    def chances(self) -> tuple[tuple[FaultKind, float], ...]:
        """Chance of each kind, in the order of the draw."""
        if self.rates:
            return tuple((kind, self.rates.get(kind, 0.0)) for kind in FaultKind)
        weights = {kind: self.mix.get(kind, 0.0) if self.mix else 1.0 for kind in FaultKind}
        total = sum(weights.values())
        return tuple((kind, self.rate * weight / total) for kind, weight in weights.items())


@dataclass(frozen=True, slots=True)
class Fault:
    """What one request is going to meet."""

    kind: FaultKind
    retry_after_seconds: float = 0.0
    stall_seconds: float | None = None

    @property
    def at_once(self) -> bool:
        """Whether the request is refused without any work on it."""
        return self.kind in (FaultKind.RATE_LIMIT, FaultKind.SERVER_ERROR, FaultKind.UNAVAILABLE)


def decide(config: FaultConfig, seed: int, request_hash: str, nth_time_seen: int) -> Fault | None:
    """Draw the fault of one send, by the rates alone.

    Args:
        config: the rates.
        seed: the server's; `config.seed` goes before it.
        request_hash: digest of the canonical request.
        nth_time_seen: 1 for the first time that this request is sent.
    """
    if config.max_per_request is not None and nth_time_seen > config.max_per_request:
        return None
    chosen = seed if config.seed is None else config.seed
    digest = hashlib.sha256(f"fault:{chosen}:{request_hash}:{nth_time_seen}".encode()).digest()
    draw = int.from_bytes(digest[:6]) / 2**48
    for kind, chance in config.chances():
        if draw < chance:
            return make(config, kind)
        draw -= chance
    return None


def make(config: FaultConfig, kind: FaultKind) -> Fault:
    """A fault of this kind, with what the configuration says of its length."""
    return Fault(kind, config.retry_after_seconds, config.stall_seconds)
