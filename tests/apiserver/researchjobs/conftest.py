"""Definitions and policies are installed, Temporal, a worker and an operator run, each test has a namespace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apiserver.researchjobs.backend import Backend, Process, Processes, processes
from tests.apiserver.researchjobs.install import install
from tests.apiserver.researchjobs.jobs import Jobs
from tests.cluster.apiserver import ApiServer


@pytest.fixture(scope="session")
def installed(apiserver: ApiServer) -> ApiServer:
    """An API server that serves our definitions and enforces our policies."""
    install(apiserver)
    return apiserver


@pytest.fixture
def jobs(installed: ApiServer, request: pytest.FixtureRequest) -> Jobs:
    """The jobs of a namespace of the test's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:50].strip("-")
    installed.kubectl("create", "namespace", name)
    return Jobs(installed, name)


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """Temporal and the offline model server."""
    started = Backend(tmp_path_factory.mktemp("backend"))
    yield started
    started.close()


@pytest.fixture(scope="session")
def session_processes(
    installed: ApiServer, backend: Backend, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Processes]:
    """Processes for the whole session."""
    with processes(installed, backend, tmp_path_factory.mktemp("session")) as started:
        yield started


@pytest.fixture(scope="session")
def worker(session_processes: Processes) -> Process:
    """A worker on the default task queue."""
    return session_processes.worker()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the store `archive` of the operator lies."""
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="module")
def operator(
    installed: ApiServer, backend: Backend, worker: Process, archive: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    """An operator for all namespaces, and a worker.

    It goes with its module: it would do the work of the operators that tests of other modules bring along.
    """
    with processes(installed, backend, tmp_path_factory.mktemp("operator")) as started:
        running = started.operator(OUTLAST_RESULT_STORES=json.dumps({"archive": f"file://{archive}"}))
        running.await_text("this process holds the Lease")
        yield running


@pytest.fixture
def lonely(own: Processes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A Temporal of the test's own, which it may stop, and a slow model server, so that steps can be met under way."""
    backend = Backend(tmp_path_factory.mktemp("lonely"), latency_scale=3)
    own.backend = backend
    yield backend
    own.end_all()
    backend.close()


@pytest.fixture
def own(installed: ApiServer, backend: Backend, jobs: Jobs, request: pytest.FixtureRequest) -> Iterator[Processes]:
    """Processes of one test, whose operators watch its namespace alone, under a Lease of their own."""
    folder = request.getfixturevalue("tmp_path")
    with processes(installed, backend, folder) as started:
        started.environment = {
            "OUTLAST_OPERATOR_NAMESPACES": f'["{jobs.namespace}"]',
            "OUTLAST_OPERATOR_LEASE_NAMESPACE": jobs.namespace,
            "OUTLAST_OPERATOR_WORKER_NAMESPACE": jobs.namespace,
        }
        yield started
