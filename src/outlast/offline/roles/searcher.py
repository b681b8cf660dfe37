"""The searcher: one search of a plan, a second wording where the first brings nothing that fits."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from outlast.offline.roles.facts import is_field
from outlast.offline.roles.names import names_place
from outlast.offline.roles.outcome import Outcome, call, submit
from outlast.offline.roles.passages import titled
from outlast.offline.roles.prose import bearing, content_words
from outlast.offline.roles.question import parse_question
from outlast.offline.roles.task import SEARCH, Found, Seen, Task, read_task, searches
from outlast.offline.turn import Character, Turn
from outlast.research.models import SearchFindings

MAX_PASSAGES = 8
"""Passages reported at the most: the analyst's prompt holds those of every search."""

_OVERLOOKS = 12
"""A small model overlooks one passage in so many."""


def search(turn: Turn) -> Outcome:
    """Search, search once more in other words, or report."""
    task = read_task(turn)
    done = searches(turn)
    tried = sum(len(message.calls) for message in turn.messages)
    if not tried and SEARCH in turn.tools:
        return call(SEARCH, query=task.query or task.question)
    fitting = _fitting(task, done)
    if not fitting and tried == 1 and SEARCH in turn.tools and (other := reworded(task)):
        return call(SEARCH, query=other)
    if turn.character is Character.SMALL:
        fitting = [seen for seen in fitting if not overlooked(turn.seed, seen.id)]
    return submit(findings(task, fitting))


def findings(task: Task, fitting: Sequence[Seen]) -> SearchFindings:
    """What is reported on the passages that fit."""
    told = fitting[:MAX_PASSAGES]
    if not told:
        return SearchFindings(
            summary=f"The sources say nothing on this: {task.purpose or task.query}"[:2_000], passage_ids=[]
        )
    first = told[0]
    line = next(iter(first.text.splitlines()), "")[:300]
    more = f", and {len(told) - 1} more" if len(told) > 1 else ""
    return SearchFindings(summary=f"{first.title}: {line}{more}", passage_ids=[seen.id for seen in told])


def reworded(task: Task) -> str:
    """The query in other words: only its words of content, or those of the question."""
    for text in (task.query, task.question):
        words = " ".join(content_words(text))
        if words and words.casefold() != task.query.casefold():
            return words[:400]
    return ""


def overlooked(seed: int, passage_id: str) -> bool:
    """Whether a careless reader misses a passage: always the same ones for the same request."""
    return zlib.crc32(f"{seed}:{passage_id}".encode()) % _OVERLOOKS == 0


def _fitting(task: Task, done: Sequence[Found]) -> list[Seen]:
    seen = list({passage.id: passage for found in done for passage in found.passages}.values())
    exact = [passage for passage in seen if _names_field(task, passage)]
    return exact or bearing(task.query, seen)


def _names_field(task: Task, passage: Seen) -> bool:
    """Whether the title names a place of the query and the field that is looked for."""
    told = titled(passage)
    if told is None or not names_place(task.query, told.place):
        return False
    ask = parse_question(task.question)
    if ask is not None and ask.field is not None and is_field(ask.field, told.field):
        return True
    words = set(content_words(told.field))
    return bool(words) and words <= set(content_words(task.query))
