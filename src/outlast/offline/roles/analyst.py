"""The analyst: reads the figures off the evidence, computes what is asked, cites every line that it used."""

from __future__ import annotations

from collections.abc import Sequence

from outlast.offline.roles.ask import Ask
from outlast.offline.roles.borderline import answer_borders
from outlast.offline.roles.compute import draft_of
from outlast.offline.roles.drafts import abstention, prose_draft
from outlast.offline.roles.gathering import Gathered, gather
from outlast.offline.roles.outcome import Outcome, call, submit
from outlast.offline.roles.question import parse_question
from outlast.offline.roles.several import draft_of_several
from outlast.offline.roles.task import SEARCH, Seen, Task, read_task, searches, sent_back
from outlast.offline.turn import Character, Turn
from outlast.research.models import Confidence, ReportDraft


def analyse(turn: Turn) -> Outcome:
    """Search for one missing figure, or submit the report."""
    task = read_task(turn)
    own = searches(turn)
    seen = [passage for found in (*task.evidence, *own) for passage in found.passages]
    ask = parse_question(task.question)
    asks = [ask.about(field) for field in (ask.field, *ask.also) if field is not None] if ask is not None else []
    gathered = [gather(one, seen, task.instructions) for one in asks]
    may_search = SEARCH in turn.tools and not own and turn.character is not Character.SMALL and not sent_back(turn)
    lacking = next(filter(None, map(_lacking, asks, gathered)), "") if may_search else ""
    if lacking:
        return call(SEARCH, query=lacking)
    return submit(without_refused(_draft(task, ask, asks, gathered, seen), turn))


def without_refused(draft: ReportDraft, turn: Turn) -> ReportDraft:
    """The draft without the claims that were sent back; what is left of the answer is worth less then."""
    refused = "\n".join(message.text for message in sent_back(turn))
    withdrawn = [claim for claim in draft.claims if any(_stands_in(c.quote, refused) for c in claim.citations)]
    kept = [claim for claim in draft.claims if claim not in withdrawn and not _stands_in(claim.text, refused)]
    if len(kept) == len(draft.claims):
        return draft
    if not kept:
        return abstention("", "Every citation was refused.")
    gone = [f"Withdrawn, since its citation was refused: {claim.text}" for claim in withdrawn]
    update = {"claims": kept, "open_questions": [*draft.open_questions, *gone][:20], "confidence": Confidence.LOW}
    return draft.model_copy(update=update)


def _draft(
    task: Task, ask: Ask | None, asks: Sequence[Ask], gathered: Sequence[Gathered], seen: Sequence[Seen]
) -> ReportDraft:
    if ask is None:
        return prose_draft(task.question, seen)
    if not asks:
        return answer_borders(ask, seen, task)
    if len(asks) > 1:
        return draft_of_several(asks, gathered)
    found = gathered[0]
    if found.facts:
        return draft_of(ask, found)
    # Prose may tell what no field does, but of a field that is known it has to hold every word of the question.
    prose = None if ask.neighbours_of else prose_draft(task.question, seen, whole=_is_known(ask))
    return prose if prose is not None and prose.claims else abstention(task.question, _why(ask, found))


def _is_known(ask: Ask) -> bool:
    return ask.field is not None and ask.field.known


def _stands_in(text: str, refused: str) -> bool:
    return text in refused or repr(text)[1:-1] in refused


def _lacking(ask: Ask, gathered: Gathered) -> str:
    """The query for the first thing that is missing, empty when nothing is."""
    field = ask.field
    if ask.neighbours_of and gathered.borders is None:
        return f"{ask.neighbours_of} land boundaries"
    wanted = list(gathered.missing)
    if ask.threshold is not None and ask.threshold.place and gathered.bound is None:
        wanted.insert(0, ask.threshold.place)
    if not wanted or field is None or not field.titles:
        return ""
    return " ".join((wanted[0], field.search, *ask.qualifiers))


def _why(ask: Ask, gathered: Gathered) -> str:
    name = ask.field.name if ask.field else "figure"
    if ask.neighbours_of and gathered.borders is None:
        return f"The evidence does not say which places border {ask.neighbours_of}."
    if ask.neighbours_of and not gathered.places:
        return f"{ask.neighbours_of} has no land neighbours."
    return f"The evidence holds no {name} of {', '.join(gathered.missing)}."[:2_000]
