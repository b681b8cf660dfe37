"""The report as a ConfigMap that the job owns, whole where it fits, its summary and checksum where it doesn't; or whole
in a store."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from outlast.chaos.digest import report_sha256
from outlast.control.stores import ResultStoreError, ResultStores
from outlast.job.observed import Desired, ReportSeen, ReportState
from outlast.job.spec import API_VERSION, KIND
from outlast.render.document import ReportDocument
from outlast.render.jsonreport import report_json
from outlast.render.markdown import report_markdown
from outlast.render.plaintext import one_line, plain
from outlast.research.models import Report
from outlast.research.state import ResearchResult

MAX_BYTES = 900_000
"""Room for the two documents; the API server takes 1 MiB of data in a ConfigMap, and metadata comes on top."""

SHORT = 10_000
"""Characters of answer and summary that stand in for a report that is too large."""

SHA256 = "outlast.dev/report-sha256"
"""Annotation with the checksum of the report as the job's status has it."""

JOB_LABEL = "outlast.dev/job"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report ready to be written."""

    summary: str
    sha256: str
    documents: dict[str, str]
    """The whole report, by file name."""
    brief: dict[str, str] | None = None
    """Its summary, where a ConfigMap doesn't take the whole."""

    @property
    def data(self) -> dict[str, str]:
        """What a ConfigMap holds."""
        return self.brief or self.documents


def render(job_id: str, result: ResearchResult) -> Rendered:
    """Render a result; equal results of one job are rendered equal to the byte."""
    document = ReportDocument(job_id=job_id, result=result)
    digest = report_sha256(result.report)
    documents = {"report.md": report_markdown(document), "report.json": report_json(document)}
    size = sum(len(text.encode()) for text in documents.values())
    brief = _shortened(result.report, digest, size) if size > MAX_BYTES else None
    summary = one_line(result.report.answer or result.report.summary)
    return Rendered(summary=summary, sha256=digest, documents=documents, brief=brief)


def config_map(job: Desired, rendered: Rendered) -> dict[str, Any]:
    """The ConfigMap; it goes with its job."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": job.report_name,
            "namespace": job.namespace,
            "labels": {"app.kubernetes.io/managed-by": "outlast", JOB_LABEL: job.name},
            "annotations": {SHA256: rendered.sha256},
            "ownerReferences": [owner(job)],
        },
        "data": rendered.data,
    }


def owner(job: Desired) -> dict[str, Any]:
    """The reference by which the garbage collector finds what goes with a job."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": job.name,
        "uid": job.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def compare(found: dict[str, Any] | None, job: Desired, rendered: Rendered) -> ReportSeen:
    """What stands under the result's name, against what should."""
    return ReportSeen(
        state=_state(found, job, rendered),
        summary=rendered.summary,
        sha256=rendered.sha256,
        shortened=rendered.brief is not None,
    )


async def compare_in(stores: ResultStores, store: str, job: Desired, rendered: Rendered) -> ReportSeen:
    """What lies in a store under the job's key, against what should."""
    seen = ReportSeen(state=ReportState.UNKNOWN, summary=rendered.summary, sha256=rendered.sha256, store=store)
    problem = stores.problem_of(store)
    if problem:
        return replace(seen, problem=problem)
    try:
        holds = await stores.holds(store, job.workflow_id, rendered.documents)
    except ResultStoreError as error:
        return replace(seen, problem=str(error))
    return replace(seen, state={None: ReportState.NOTHING, True: ReportState.OURS, False: ReportState.STALE}[holds])


def _state(found: dict[str, Any] | None, job: Desired, rendered: Rendered) -> ReportState:
    if found is None:
        return ReportState.NOTHING
    if not any(reference.get("uid") == job.uid for reference in found["metadata"].get("ownerReferences", [])):
        return ReportState.FOREIGN
    return ReportState.OURS if found.get("data") == rendered.data else ReportState.STALE


def _shortened(report: Report, digest: str, size: int) -> dict[str, str]:
    note = f"The report has {size} bytes, more than a ConfigMap takes. `outlast report` reads it whole."
    answer, summary = plain(report.answer)[:SHORT], plain(report.summary)[:SHORT]
    brief = {"query": plain(report.query), "answer": answer, "summary": summary, "sha256": digest, "note": note}
    lines = ["# Report", "", f"> {note}", f"> sha256 of the report: {digest}", ""]
    lines += ["    " + line for line in f"{answer}\n\n{summary}".splitlines()]
    return {
        "report.md": "\n".join(lines) + "\n",
        "report.json": json.dumps(brief, ensure_ascii=False, indent=1, sort_keys=True) + "\n",
    }
