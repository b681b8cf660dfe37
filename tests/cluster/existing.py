"""Using a cluster that somebody else runs: kind, minikube, or any context of a kubeconfig."""

import shutil
from pathlib import Path

from tests.cluster import oci
from tests.cluster.certificates import private
from tests.cluster.command import run
from tests.cluster.errors import ClusterError, PlatformError
from tests.cluster.kubectl import Kubectl

_LOADERS = {
    "kind-": ("kind", "load", "image-archive", "--name", "{cluster}", "{archive}"),
    "minikube": ("minikube", "--profile", "{context}", "image", "load", "{archive}"),
}
"""How an image archive gets into a cluster, by how its context's name begins."""


def bind(context: str, folder: Path) -> Kubectl:
    """kubectl with a kubeconfig that holds this one context, so that a test can never reach another."""
    found = shutil.which("kubectl")
    if found is None:
        raise PlatformError("there is no kubectl on the PATH", next_step="install it, or leave out --kube-context")
    view = run([found, "config", "view", "--minify", "--flatten", f"--context={context}"])
    kubeconfig = folder / "kubeconfig"
    private(kubeconfig, view)
    kubectl = Kubectl(Path(found), kubeconfig)
    kubectl("config", "use-context", context)
    return kubectl


def load(context: str, archive: Path) -> None:
    """Put an image archive into the cluster's nodes, where its kind has a way to."""
    for prefix, words in _LOADERS.items():
        if context.startswith(prefix):
            values = {"cluster": context.removeprefix(prefix), "context": context, "archive": str(archive)}
            run([word.format(**values) for word in words], deadline_seconds=600)
            return
    raise ClusterError(
        f"no way is known to load an image into the cluster of context {context!r}",
        seen=f"the image {oci.reference_of(archive)}",
        next_step="push the image to a registry that the cluster pulls from, and make its name known to the test",
    )
