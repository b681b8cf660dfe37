"""Start and end: settings of kopf, connections, background tasks."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import kopf

from outlast.control.access import find_access
from outlast.control.operator import operator
from outlast.settings import load_settings


@kopf.on.login()
def login(**_: Any) -> kopf.ConnectionInfo | None:
    """kopf watches with the same credentials that everything else is done with."""
    found: kopf.ConnectionInfo | None = kopf.login_with_service_account(**_) or kopf.login_with_kubeconfig(**_)
    return found


@kopf.on.startup()
async def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: Any) -> None:
    """Set kopf up, connect, and begin to reconcile."""
    ours = load_settings()
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)  # it says of every event that it was handled
    settings.posting.enabled = False  # Events are the executor's
    settings.posting.loggers = False
    settings.peering.standalone = True  # peering is no election; the Lease is
    # kopf keeps a task for each object for idle_timeout after its last event, and a full limit holds all others back:
    # with its default of 5 s, 32 tasks let six new jobs a second through. Ours only hand events on.
    settings.queueing.worker_limit = 1_000
    settings.queueing.idle_timeout = 0.2
    settings.scanning.disabled = True  # namespaces and resources are named, so neither has to be watched
    settings.persistence.finalizer = "outlast.dev/kopf"
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix="kopf.outlast.dev")
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix="kopf.outlast.dev")
    settings.watching.server_timeout = 600
    settings.watching.connect_timeout = 10
    memo.stack = contextlib.AsyncExitStack()
    memo.operator = await memo.stack.enter_async_context(operator(ours, find_access()))


@kopf.on.cleanup()
async def stop(memo: kopf.Memo, **_: Any) -> None:
    """Let go of the Lease and of all connections."""
    await memo.stack.aclose()


def plain(body: kopf.Body) -> dict[str, Any]:
    """A job as plain data: kopf's views are bound to what they view."""
    return {key: body[key] for key in body}
