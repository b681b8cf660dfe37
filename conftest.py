"""What holds for every test, wherever pytest is started from."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.cluster.plugin"]

# No test is timed: how long an example takes says how busy the machine is.
settings.register_profile("outlast", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("outlast")
