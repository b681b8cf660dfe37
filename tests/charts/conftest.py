"""A real API server for the charts, without a node."""

from collections.abc import Iterator

import pytest

from tests.cluster.apiserver import ApiServer, api_server


@pytest.fixture(scope="session")
def apiserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A fresh API server."""
    with api_server(tmp_path_factory.mktemp("apiserver")) as server:
        yield server
