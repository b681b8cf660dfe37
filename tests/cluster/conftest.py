"""The `cluster` fixture: one real cluster for the whole test session.

A node that was up before the session stays up after it, so that a person who works on one test does not wait for a
start each time; a node that the session started goes with it.
"""

from collections.abc import Iterator

import pytest

from tests.cluster import node
from tests.cluster.handle import Cluster, existing_cluster, own_cluster
from tests.cluster.plugin import CONTEXT_OPTION


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A node's life comes first: later tests share one node, and would lose what they put into it."""
    items.sort(key=lambda item: not item.path.name.startswith("test_node_life"))
