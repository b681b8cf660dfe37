"""Measures a fleet that KEDA scales on the real node: how fast it is there, what it takes, what plain scaling costs.

python -m tests.bench.autoscaling autoscaling.json
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from outlast.chaos.proof import Proof
from outlast.chaos.verdict import Verdict
from tests.bench.pods import PodWatch
from tests.cluster.errors import DeadlineError
from tests.cluster.handle import own_cluster
from tests.cluster.installing import Json, installed
from tests.cluster.scaling import Fleet, scaled_fleet
from tests.cluster.waiting import wait_until

JOBS = 100
MOST = 6
SLOTS = 8
PLAIN_JOBS = 6
PLAIN_SECONDS = 240
"""How long the plain scaling gets for what ours does in a fraction of it: it may never come to an end."""

DEADLINE_SECONDS = 900
SMALL: Json = {"requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}}


def scaling(**values: Any) -> Json:
    """Values of autoscaling from zero, with short pauses."""
    pauses = {"scaleDownStabilizationSeconds": 15, "scaleDownPeriodSeconds": 5}
    return {
        "mode": "keda",
        "minReplicas": 0,
        "maxReplicas": MOST,
        **pauses,
        "keda": {"pollingInterval": 1, "cooldownPeriod": 10},
        **values,
    }


def from_zero_and_back(fleet: Fleet) -> Iterator[tuple[str, float]]:
    """A hundred jobs from no worker to many and back."""
    fleet.scale({"autoscaling": scaling(), "maxConcurrentSteps": SLOTS, "resources": SMALL})
    wait_until(lambda: fleet.workers() == (0, 0), what="an idle fleet", deadline_seconds=180)
    with PodWatch(fleet.pods) as watch:
        course = fleet.carry_out("bench", JOBS, most=MOST, deadline_seconds=DEADLINE_SECONDS)
    proof = clean(fleet.proof([f"bench-{number}" for number in range(JOBS)]))
    yield from ((name.replace("_", " "), value) for name, value in asdict(course).items())
    yield "steps", proof.figures.steps
    yield "requests", proof.figures.requests
    yield "requests sent again", proof.figures.resent_requests
    for component, taken in sorted(watch.taken.items()):
        yield f"{component}: MB of the largest pod", taken.peak_megabytes
        yield f"{component}: s of CPU, all pods", sum(taken.cpu_seconds.values())


def against_plain_scaling(fleet: Fleet) -> Iterator[tuple[str, float]]:
    """The same jobs with steps that outlive the drain, scaled by the backlog alone and by ours."""
    worker = {"autoscaling": scaling(), "maxConcurrentSteps": SLOTS, "resources": SMALL, "drainSeconds": 5}
    for manner in ("plain", "ours"):
        fleet.scale(worker, offline={"enabled": True, "latencyScale": 25})
        if manner == "plain":
            fleet.scale_plainly()
        wait_until(lambda: fleet.workers() == (0, 0), what="an idle fleet", deadline_seconds=180)
        began = time.monotonic()
        names = fleet.submit(manner, PLAIN_JOBS)
        try:
            fleet.finish(names, deadline_seconds=PLAIN_SECONDS)
            seconds = time.monotonic() - began
        except DeadlineError:
            seconds = math.nan
        proof = clean(fleet.proof(names))
        yield f"{manner}: seconds to the last report", seconds
        yield f"{manner}: jobs not done after {PLAIN_SECONDS} s", len(fleet.unfinished(names))
        yield f"{manner}: steps cut and made again", proof.figures.resent_requests
        yield f"{manner}: requests", proof.figures.requests


def clean(proof: Proof) -> Proof:
    """A proof that finds nothing wrong; one that does is no measurement."""
    assert proof.verdict is not Verdict.FALSE, proof.as_text()
    return proof


def main() -> None:
    """Entry point; the one argument is the file for the JSON."""
    console = Console()
    figures: dict[str, float] = {}
    with installed(own_cluster()) as install, scaled_fleet(install) as fleet:
        for measurement in (from_zero_and_back, against_plain_scaling):
            console.print(f"[dim]{(measurement.__doc__ or '').strip()}[/dim]")
            figures |= measurement(fleet)
    table = Table("figure", "measured")
    table.columns[1].justify = "right"
    for name, value in figures.items():
        table.add_row(name, f"{value:.1f}")
    console.print(table)
    Path(sys.argv[1]).write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
