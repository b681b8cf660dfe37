"""outlast: durable research agents for Kubernetes.

A research job plans, searches in parallel, analyses and reports with citations. Every model request and every tool
call is a recorded step of a Temporal workflow, so whatever dies on the way, the job goes on where it was.
"""

__version__ = "0.1.0"
