"""ResearchJobs as tests write and watch them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import yaml

from tests.cluster.apiserver import ApiServer
from tests.cluster.waiting import wait_until

DEADLINE_SECONDS = 60


def manifest(name: str, namespace: str, **spec: Any) -> str:
    """A small job as YAML."""
    return yaml.safe_dump(
        {
            "apiVersion": "outlast.dev/v1alpha1",
            "kind": "ResearchJob",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"query": "What is the population of France?", "maxSearches": 4, **spec},
        }
    )


@dataclass(frozen=True)
class Jobs:
    """The jobs of one namespace."""

    apiserver: ApiServer
    namespace: str

    def apply(self, name: str, **spec: Any) -> None:
        """Create a job."""
        self.apiserver.kubectl("create", "-f", "-", stdin=manifest(name, self.namespace, **spec))

    def attempt(self, text: str, *options: str) -> tuple[int, str]:
        """Apply something that may be refused."""
        answer = self.apiserver.kubectl.attempt("apply", "-n", self.namespace, *options, "-f", "-", stdin=text)
        return answer.returncode, answer.stderr

    def get(self, name: str) -> dict[str, Any] | None:
        """A job, None once it is gone."""
        answer = self.apiserver.kubectl.attempt("get", "rj", name, "-n", self.namespace, "-o", "json")
        if "NotFound" in answer.stderr:
            return None
        parsed: dict[str, Any] = json.loads(answer.stdout)
        return parsed

    def patch(self, name: str, patch: dict[str, Any], *options: str) -> tuple[int, str]:
        """Merge a patch into a job."""
        answer = self.apiserver.kubectl.attempt(
            "patch", "rj", name, "-n", self.namespace, "--type=merge", "-p", json.dumps(patch), *options
        )
        return answer.returncode, answer.stderr

    def delete(self, name: str) -> None:
        """Ask for a job's deletion."""
        self.apiserver.kubectl("delete", "rj", name, "-n", self.namespace, "--wait=false")

    def condition(self, name: str, kind: str) -> tuple[str, str]:
        """Status and reason of a condition."""
        job = self.get(name) or {}
        for condition in job.get("status", {}).get("conditions", []):
            if condition["type"] == kind:
                return condition["status"], condition["reason"]
        return "", ""

    def await_condition(self, name: str, kind: str, status: str = "True", reason: str | None = None) -> None:
        """Wait for a condition."""
        wait_until(
            lambda: (found := self.condition(name, kind))[0] == status and reason in (None, found[1]),
            what=f"{kind}={status} {reason or ''} on {name}",
            deadline_seconds=DEADLINE_SECONDS,
            seen=lambda: json.dumps((self.get(name) or {}).get("status"), indent=1),
        )

    def await_gone(self, name: str) -> None:
        """Wait until a job is gone."""
        wait_until(
            lambda: self.get(name) is None,
            what=f"the end of {name}",
            deadline_seconds=DEADLINE_SECONDS,
            seen=lambda: json.dumps(self.get(name), indent=1),
        )

    def workflow_id(self, name: str) -> str:
        """Id of a job's workflow."""
        job = self.get(name)
        assert job is not None
        return f"{self.namespace}/{name}/{job['metadata']['uid']}"

    def config_map(self, name: str) -> dict[str, Any]:
        """A ConfigMap."""
        found: dict[str, Any] = self.apiserver.kubectl.json("get", "configmap", name, "-n", self.namespace)
        return found

    def events(self, name: str) -> list[str]:
        """Reasons of the Events on a job, in the order of their names' times."""
        listed = self.apiserver.kubectl.json(
            "get", "events", "-n", self.namespace, "--field-selector", f"involvedObject.name={name}"
        )
        return [event["reason"] for event in listed["items"]]
