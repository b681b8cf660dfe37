"""What the jobs of a namespace may use, set by the admin: authors pick among what is bound here.

Judged at admission by `k8s/policies/bindings.yaml`, which the API server evaluates with the ResearchPolicy named
`default` in the job's own namespace as its parameter. Authors need no right on it, and have none by the roles we ship.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from outlast.job.spec import Name, Resource

ModelPattern = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^*\s]+\*?$")]


class ResearchPolicySpec(Resource):
    """What the jobs of this namespace may use. An empty list binds nothing: jobs may name anything."""

    task_queues: Annotated[list[Name], Field(max_length=32)] = []  # noqa: RUF012 - pydantic copies it
    """Task queues that a job may name, and has to: a queue's workers hold the credentials of providers and sources."""
    models: Annotated[list[ModelPattern], Field(max_length=64)] = []  # noqa: RUF012
    """Models that a job may name; one that ends in `*` stands for all that begin so. Unset, the workers' default."""
    sources: Annotated[list[Name], Field(max_length=64)] = []  # noqa: RUF012
    """Sources that a job may name."""
    stores: Annotated[list[Name], Field(max_length=32)] = []  # noqa: RUF012
    """Stores for reports that a job may name."""
    require_approval: bool = False
    """Whether every job needs approval.plan: Required."""
    max_cost_usd: Annotated[float, Field(gt=0, le=100_000)] | None = Field(default=None, alias="maxCostUSD")
    """The most that budget.maxCostUSD may be; jobs have to set it then."""
