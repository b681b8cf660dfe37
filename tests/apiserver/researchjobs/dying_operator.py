"""The operator, killed like by SIGKILL right before the action whose number DIE_BEFORE gives."""

import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

from outlast.control.executor import Executor
from outlast.job.actions import Action

_left = int(os.environ["DIE_BEFORE"])
_carry_out = Executor._one


async def _one(self: Executor, entry: Any, action: Action) -> None:
    global _left
    _left -= 1
    if _left <= 0:
        print(f"dying before {type(action).__name__}", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    await _carry_out(self, entry, action)


Executor._one = _one  # type: ignore[method-assign]
folder = Path(__file__).parents[3] / "operator"
sys.path.insert(0, str(folder))
runpy.run_path(str(folder / "__main__.py"), run_name="__main__")
