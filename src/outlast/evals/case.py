"""What a gold case is: a question, and what its answer must hold."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    """What a question asks for, which decides how its answer is judged."""

    FIGURE = "figure"
    """One figure of one place."""
    TEXT = "text"
    """Words about one place, such as its capital."""
    COMPARE = "compare"
    """Which of some named places has more, or less."""
    ORDER = "order"
    """Named places in order."""
    LIST = "list"
    """A figure for each neighbour."""
    NAMES = "names"
    """Words for each neighbour, such as the capitals."""
    MOST = "most"
    LEAST = "least"
    RANK = "rank"
    """The neighbours in order."""
    SUM = "sum"
    MEAN = "mean"
    COUNT = "count"
    """How many neighbours are over or under a bound."""
    NEIGHBOURS = "neighbours"
    """The neighbours themselves."""
    BORDER = "border"
    """The length of a border."""
    UNANSWERABLE = "unanswerable"
    """Nothing in the data answers it."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Expected(_Frozen):
    """What an answer must hold; which parts are given depends on the kind."""

    places: tuple[str, ...] = ()
    """The places that it must name, in order where the kind is one of order; a superlative is answered by the first."""
    figures: dict[str, float] = {}
    """Figure by place."""
    texts: dict[str, tuple[str, ...]] = {}
    """By place, the wordings that count as right."""
    number: float | None = None
    """The figure that is asked for."""
    tolerance: float = 0.002
    """How far a figure may be off, relative to its size."""


class GoldCase(_Frozen):
    """A question and what its answer must hold."""

    name: str
    """Unique and telling, such as `neighbours-germany-population-most`."""
    question: str
    kind: Kind
    expected: Expected = Expected()
    places: tuple[str, ...]
    """Every place whose data the answer rests on, besides the one the question is about."""
    unanswerable: bool = False
    """Whether the right answer is to say that the evidence does not answer it."""
