"""Options of the cluster tests, registered wherever pytest is started from."""

pytest_plugins = ["tests.cluster.plugin"]
