"""What a question asks, once it is parsed: the planner plans by it, the analyst computes by it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from outlast.offline.roles.lexicon import Field
from outlast.offline.roles.numbers import Quantity


class Op(StrEnum):
    """What to do with the figures."""

    LOOKUP = "lookup"
    LIST = "list"
    MOST = "most"
    LEAST = "least"
    RANK = "rank"
    SUM = "sum"
    MEAN = "mean"
    COUNT = "count"
    FILTER = "filter"
    DIFFERENCE = "difference"
    WHETHER = "whether"
    BORDERS = "borders"
    BORDER_LENGTH = "border length"


@dataclass(frozen=True, slots=True)
class Threshold:
    """What figures are compared with: a number, or the figure of a place."""

    above: bool
    inclusive: bool = False
    quantity: Quantity | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a question asks."""

    op: Op
    field: Field | None
    """None where the neighbours themselves are asked for."""
    places: tuple[str, ...] = ()
    """The places that it names, besides the one whose neighbours it is about."""
    neighbours_of: str = ""
    qualifiers: tuple[str, ...] = ()
    """Words that narrow the field, such as `male` or a year."""
    also: tuple[Field, ...] = ()
    """More fields to list beside the first."""
    descending: bool = True
    ranked: bool = False
    """Whether the whole order is wanted beside the first."""
    top: int = 1
    """How many of the first."""
    nth: int = 1
    """Which of them, as in `the second largest`."""
    threshold: Threshold | None = None

    @property
    def computes(self) -> bool:
        """Whether figures are compared or added, so that words will not do."""
        return self.op not in {Op.LOOKUP, Op.LIST}

    def about(self, field: Field) -> Ask:
        """The same question for one field alone."""
        return replace(self, field=field, also=())
