"""What a step of research is told of its job; `hosting/gate.py` leads it past the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pydantic import PrivateAttr

from outlast.hosting.gate import GatedDeps, GatedRun
from outlast.research.state import Role
from outlast.sources.passage import Passage


class ResearchGate(GatedRun["StepDeps"], Protocol):
    """What agents and their gate ask of the run behind them."""

    @property
    def max_searches(self) -> int:
        """The most searches that the plan may hold."""
        ...

    @property
    def passages(self) -> Mapping[str, Passage]:
        """Every passage that any tool returned so far."""
        ...


class StepDeps(GatedDeps[ResearchGate]):
    """What a step of research is told of its job."""

    role: Role
    sources: list[str]

    _search: int | None = PrivateAttr(default=None)

    @property
    def search(self) -> int | None:
        """Which search of the plan the agent serves, where the agent loop runs; None for the other roles."""
        return self._search

    @classmethod
    def of(cls, run: ResearchGate, *, role: Role, sources: list[str], search: int | None = None) -> StepDeps:
        """Deps that know their run."""
        deps = cls(role=role, sources=sources).of_run(run)
        deps._search = search
        return deps
