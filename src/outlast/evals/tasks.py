"""The tasks there are, by name."""

from __future__ import annotations

import difflib

from outlast.errors import UsageError
from outlast.evals.game_task import GameTask
from outlast.evals.research_task import ResearchTask
from outlast.evals.task import Task

_TASKS: dict[str, Task] = {task.name: task for task in (ResearchTask(), GameTask())}


def find_task(name: str) -> Task:
    """The task of a name.

    Raises:
        UsageError: there is none.
    """
    if name not in _TASKS:
        near = difflib.get_close_matches(name, _TASKS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"No task is called {name!r}.{hint} Known are {', '.join(_TASKS)}.")
    return _TASKS[name]
