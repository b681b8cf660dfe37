"""KEDA's own manifests, from the same module as its binaries, made to use the images in the node's store."""

import yaml

from tests.cluster import versions
from tests.cluster.build import component
from tests.cluster.command import run

IMAGES = ("keda", "keda-metrics-apiserver", "keda-admission-webhooks")
"""Short names of the images that must be loaded first."""

NAMESPACE = "keda"
DEPLOYMENTS = ("keda-operator", "keda-metrics-apiserver", "keda-admission")


def manifests() -> str:
    """Everything KEDA needs, to be applied server-side: its CRDs are too large for an annotation."""
    kubectl = component("kubernetes") / "bin" / "kubectl"
    rendered = run([kubectl, "kustomize", component("keda") / "config" / "default"])
    objects = [found for found in yaml.safe_load_all(rendered) if found]
    for found in objects:
        if found["kind"] == "Deployment":
            for container in found["spec"]["template"]["spec"]["containers"]:
                container["image"] = f"{container['image'].rpartition(':')[0]}:{versions.KEDA}"
                container["imagePullPolicy"] = "IfNotPresent"
    return yaml.safe_dump_all(objects)
