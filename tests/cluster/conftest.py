"""The `cluster` fixture: one real cluster for the whole test session.

A node that was up before the session stays up after it, so that a person who works on one test does not wait for a
start each time; a node that the session started goes with it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import node
from tests.cluster.handle import Cluster, existing_cluster, own_cluster
from tests.cluster.installing import Install, installed
from tests.cluster.plugin import CONTEXT_OPTION
from tests.cluster.reader import Reader


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A ready cluster: the one of --kube-context, or a node on this machine."""
    context = request.config.getoption(CONTEXT_OPTION, default="")
    if context:
        yield existing_cluster(context, tmp_path_factory.mktemp("kubeconfig"))
        return
    was_up = node.status().healthy
    yield own_cluster()
    if not was_up:
        node.down()


@pytest.fixture(scope="session")
def install(cluster: Cluster) -> Iterator[Install]:
    """Everything installed from the charts; shared by the tests of the whole session."""
    with installed(cluster) as found:
        yield found


@pytest.fixture(scope="session")
def undisturbed(install: Install) -> dict[str, Any]:
    """The status of a job that nothing happened to."""
    install.apply("neighbours")
    return install.finished("neighbours")


@pytest.fixture(scope="session")
def reader(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Somebody who types what stands in docs/."""
    return Reader.at(install, tmp_path_factory.mktemp("reader"))


_ORDER = {"test_node_life": 0, "test_install": 2, "test_uninstall": 4}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A node's life comes first: later tests share one node, and would lose what they put into it.

    Of the tests that share the install, those of a fresh one come first and its end is last.
    """

    def place(item: pytest.Item) -> int:
        return _ORDER.get(item.path.stem, 3) if item.path.parent == Path(__file__).parent else 1

    items.sort(key=place)
