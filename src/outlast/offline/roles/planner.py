"""The planner: one search for each figure that the question needs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from outlast.offline.roles.ask import Ask, Op
from outlast.offline.roles.boundaries import Borders, borders
from outlast.offline.roles.lexicon import BY_NAME
from outlast.offline.roles.names import same_place
from outlast.offline.roles.outcome import Outcome, call, submit
from outlast.offline.roles.prose import keyword_queries
from outlast.offline.roles.question import parse_question
from outlast.offline.roles.task import SEARCH, read_task, searches
from outlast.offline.turn import Turn
from outlast.research.models import Plan, PlannedSearch

_BOUNDARIES = BY_NAME["land boundary length"]


def plan(turn: Turn) -> Outcome:
    """Scout for the list that the question depends on, or submit the plan."""
    task = read_task(turn)
    ask = parse_question(task.question)
    if ask is None:
        return submit(_keyword_plan(task.question, task.max_searches))
    if not ask.neighbours_of:
        return submit(_direct_plan(ask, task.question, task.max_searches))
    if ask.field is None:
        return submit(_boundaries_plan(ask.neighbours_of))
    scouted = searches(turn)
    if not scouted and SEARCH in turn.tools:
        return call(SEARCH, query=f"{ask.neighbours_of} land boundaries")
    found = borders(ask.neighbours_of, [seen for search in scouted for seen in search.passages])
    if found is None and not any(search.passages for search in scouted):
        return submit(_boundaries_plan(ask.neighbours_of))
    if found is None:
        return submit(_keyword_plan(task.question, task.max_searches))
    if not found.names:
        return submit(_boundaries_plan(found.place))
    return submit(_neighbours_plan(ask, found, task.max_searches))


def _neighbours_plan(ask: Ask, found: Borders, limit: int) -> Plan:
    places = list(found.names)
    if ask.threshold is not None and ask.threshold.place and not _among(ask.threshold.place, places):
        places.insert(0, ask.threshold.place)
    purpose = f"to set it beside those of the other neighbours of {found.place}"
    searches = _figure_searches(ask, places, purpose)
    kept, left = searches[:limit], searches[limit:]
    names = _fields(ask)
    summary = f"{found.place} has {len(found.names)} neighbours: each one's {names} is looked up, then compared."
    instructions = [found.record(), _instruction(ask)]
    if left:
        summary += _left_out(left, limit)
        instructions.append(f"Not searched: {_queries(left)}. Name what is missing as an open question.")
    return Plan(
        summary=summary,
        searches=kept,
        analysis_instructions="\n".join(instructions),
    )


def _direct_plan(ask: Ask, question: str, limit: int) -> Plan:
    if ask.field is None:
        first, second = ask.places[:2]
        return Plan(
            summary=f"The land boundaries of {first} tell whether and how it borders {second}.",
            searches=[_boundaries_search(place) for place in (first, second)[:limit]],
            analysis_instructions=f"Look for {second} among the neighbours of {first}, or the other way round.",
        )
    purpose = "which the question asks for" if len(ask.places) == 1 else "to set it beside those of the others"
    places = list(ask.places)
    if ask.threshold is not None and ask.threshold.place and not _among(ask.threshold.place, places):
        places.append(ask.threshold.place)
    searches = _figure_searches(ask, places, purpose)
    if not ask.field.known:
        # Nobody knows what the words mean to the source: the question's own words are searched as well.
        searches = list({search.query: search for search in (*searches, *_keyword_searches(question))}.values())[:4]
    kept, left = searches[:limit], searches[limit:]
    return Plan(
        summary=f"The {_fields(ask)} of {_joined(places)} is looked up.{_left_out(left, limit) if left else ''}",
        searches=kept,
        analysis_instructions=_instruction(ask),
    )


def _boundaries_plan(place: str) -> Plan:
    return Plan(
        summary=f"The question depends on the neighbours of {place}: its land boundaries are looked up.",
        searches=[_boundaries_search(place)],
        analysis_instructions=f"Read the neighbours of {place} off the list of border countries.",
    )


def _keyword_plan(question: str, limit: int) -> Plan:
    return Plan(
        summary="The question is answered by what the sources say on its key words.",
        searches=_keyword_searches(question)[: min(4, limit)],
        analysis_instructions="Quote the sentences that answer the question; leave out what merely shares a word.",
    )


def _keyword_searches(question: str) -> list[PlannedSearch]:
    return [
        PlannedSearch(query=_short(query), purpose=_short(f"Passages on {query}, to answer the question."))
        for query in keyword_queries(question)
    ]


def _figure_searches(ask: Ask, places: Sequence[str], purpose: str) -> list[PlannedSearch]:
    """One search for each place and field."""
    searches = []
    for place in places:
        for field in filter(None, (ask.field, *ask.also)):
            words = dict.fromkeys((*place.split(), *field.search.split(), *ask.qualifiers))
            query = re.sub(r"[()]", "", " ".join(words))
            told = f"The {field.name} of {place}, {purpose}."
            searches.append(PlannedSearch(query=_short(query), purpose=_short(told)))
    return searches


def _boundaries_search(place: str) -> PlannedSearch:
    return PlannedSearch(
        query=_short(f"{place} land boundaries"), purpose=_short(f"The land boundaries of {place} and its neighbours.")
    )


_DOES = {
    Op.LOOKUP: "Give the figure as the passage has it.",
    Op.LIST: "List the figures side by side.",
    Op.MOST: "Name the highest.",
    Op.LEAST: "Name the lowest.",
    Op.RANK: "Put them in order.",
    Op.SUM: "Add them up.",
    Op.MEAN: "Compute the average.",
    Op.COUNT: "Count those that fit the bound, and name them.",
    Op.FILTER: "Name those that fit the bound.",
    Op.DIFFERENCE: "Compute the difference.",
    Op.WHETHER: "Compare the two and say yes or no.",
}


def _instruction(ask: Ask) -> str:
    does = _DOES.get(ask.op, "Compare them.")
    return f"{does} Put them in order." if ask.ranked and ask.op is not Op.RANK else does


def _fields(ask: Ask) -> str:
    return _joined([field.name for field in (ask.field, *ask.also) if field is not None])


def _left_out(searches: Sequence[PlannedSearch], limit: int) -> str:
    return f" No more than {limit} searches are allowed, so these are left out: {_queries(searches)}."


def _queries(searches: Sequence[PlannedSearch]) -> str:
    return "; ".join(search.query for search in searches)


def _among(place: str, places: Sequence[str]) -> bool:
    return any(same_place(place, other) for other in places)


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _short(text: str) -> str:
    return text[:500].strip()
