"""What the offline models know when they play Twenty Questions: candidates, questions, and how each would be answered.

The things are in a data file beside this one. Countries come from the Factbook, by the oracle's own reading of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

import yaml

from outlast.games.judging import folded
from outlast.games.models import Answer

GRADES: dict[Answer | None, float] = {
    Answer.YES: 1.0,
    Answer.KIND_OF: 2 / 3,
    None: 0.5,
    Answer.NOT_REALLY: 1 / 3,
    Answer.NO: 0.0,
    Answer.COMPLETELY_WRONG: 0.0,
}
"""How far an answer goes towards yes."""

_LISTED = {"is": Answer.YES, "partly": Answer.KIND_OF, "hardly": Answer.NOT_REALLY}


@dataclass(frozen=True)
class Knowledge:
    """All that is known of one kind of secrets."""

    answers: Mapping[str, Mapping[str, Answer | None]]
    """By candidate: the answer to each question."""
    spoken: Mapping[str, str]
    """By candidate: how a guess names it."""

    def guess(self, candidate: str) -> str:
        """The question whether it is a candidate."""
        return f"Is it {self.spoken[candidate]}?"

    def find(self, name: str) -> str | None:
        """The candidate of a name."""
        return self._names.get(folded(name))

    @cached_property
    def _names(self) -> dict[str, str]:
        return {folded(candidate): candidate for candidate in self.answers}


@lru_cache(maxsize=1)
def things() -> Knowledge:
    """The things of the data file."""
    data: dict[str, Any] = yaml.safe_load(resources.files(__package__).joinpath("things.yaml").read_text("utf-8"))
    questions: dict[str, str] = data["questions"]
    answers = {}
    for name, listed in data["things"].items():
        given = {trait: _LISTED[grade] for grade, traits in listed.items() for trait in traits}
        answers[name] = {question: given.get(trait, Answer.NO) for trait, question in questions.items()}
    return Knowledge(answers, {name: data["spoken"].get(name, _with_article(name)) for name in answers})


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
