"""outlast: durable research agents for Kubernetes.

A research job plans, searches in parallel, analyses and reports with citations. Every model request and every tool
call is a recorded step of a Temporal workflow, so whatever dies on the way, the job goes on where it was.
"""

import os

__version__ = "0.1.0"

# Pydantic loads Logfire's plugin into every process that has Logfire installed: a third of a second and 20 MB at each
# start, for a feature that is not used here. Has to be said before pydantic is imported.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "logfire-plugin")
