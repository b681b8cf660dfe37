"""What kopf calls. Handlers tell the controller what they saw; it decides and acts, one job at a time, with retries.

Event handlers, not change handlers: those keep state of their own in annotations and finalizers of each job,
for which the planner has no use. Whatever is missed here is found by the next event, sweep or restart.
"""

from __future__ import annotations

from typing import Any

import kopf
import startup

from outlast.job.crd import PLURAL
from outlast.job.spec import GROUP, VERSION


@kopf.on.event(GROUP, VERSION, PLURAL)
async def job_event(type: str | None, body: kopf.Body, memo: kopf.Memo, **_: Any) -> None:  # noqa: A002 - kopf's name
    """A job was there, changed or went."""
    if type == "DELETED":
        memo.operator.controller.gone(str(body.metadata.uid))
    else:
        memo.operator.controller.saw(startup.plain(body))
