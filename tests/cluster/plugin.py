"""The pytest options of the cluster tests, in a plugin of its own.

Options must be known before any test folder is read, so the top conftest names this module in `pytest_plugins`. It
imports nothing of the cluster: a run of the unit tests pays nothing for it.
"""

import pytest

CONTEXT_OPTION = "--kube-context"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register what a person may choose about the cluster."""
    group = parser.getgroup("cluster", "the real cluster under tests/cluster")
    group.addoption(
        CONTEXT_OPTION,
        metavar="NAME",
        default="",
        help="use an existing cluster, by its context in your kubeconfig, instead of starting a node here",
    )
