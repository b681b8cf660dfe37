"""What is built from Go modules and how: plain data, so that a recipe's hash can name what was made from it."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.cluster import versions
from tests.cluster.cache import content_key

KUBERNETES_MAIN = Path(__file__).parent / "kubernetes" / "main.go"
STRIP = ("-s", "-w")


@dataclass(frozen=True)
class Recipe:
    """One Go module and the commands built from it."""

    name: str
    version: str
    module: str
    packages: Mapping[str, str]
    """Name of each binary, and the package inside the module that it is built from."""
    ldflags: tuple[str, ...] = STRIP
    keep: tuple[str, ...] = ()
    """Folders of the module kept beside the binaries, such as manifests."""
    main: str = ""
    """Source of a command of our own, for a module that is used as a library."""
    links: tuple[str, ...] = field(default=())
    """Further names of the only binary."""

    @property
    def key(self) -> str:
        """Changes whenever the result could."""
        return content_key({**asdict(self), "machine": platform.machine()})


def _version_flag(package: str, name: str, value: str) -> str:
    return f"-X {package}.{name}={value}"


def _kubernetes() -> Recipe:
    major, minor, _ = versions.KUBERNETES.split(".")
    stamp = "k8s.io/component-base/version"
    return Recipe(
        name="kubernetes",
        version=versions.KUBERNETES,
        module="k8s.io/kubernetes",
        packages={"kubernetes": "."},
        ldflags=(
            *STRIP,
            _version_flag(stamp, "gitVersion", f"v{versions.KUBERNETES}"),
            _version_flag(stamp, "gitMajor", major),
            _version_flag(stamp, "gitMinor", minor),
        ),
        main=KUBERNETES_MAIN.read_text(),
        links=(
            "etcd",
            "kube-apiserver",
            "kube-controller-manager",
            "kube-proxy",
            "kube-scheduler",
            "kubeadm",
            "kubectl",
            "kubelet",
        ),
    )


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        _kubernetes(),
        Recipe(
            name="coredns",
            version=versions.COREDNS,
            module="github.com/coredns/coredns",
            packages={"coredns": "."},
        ),
        Recipe(
            name="temporal",
            version=versions.TEMPORAL,
            module="go.temporal.io/server",
            packages={"temporal-server": "./cmd/server", "temporal-sql-tool": "./cmd/tools/sql"},
        ),
        Recipe(
            name="keda",
            version=versions.KEDA,
            module="github.com/kedacore/keda/v2",
            packages={
                "keda": "./cmd/operator",
                "keda-adapter": "./cmd/adapter",
                "keda-admission-webhooks": "./cmd/webhooks",
            },
            ldflags=(*STRIP, _version_flag("github.com/kedacore/keda/v2/version", "Version", versions.KEDA)),
            keep=("config",),
        ),
        Recipe(
            name="helm",
            version=versions.HELM,
            module="helm.sh/helm/v4",
            packages={"helm": "./cmd/helm"},
            ldflags=(*STRIP, _version_flag("helm.sh/helm/v4/internal/version", "version", f"v{versions.HELM}")),
        ),
        Recipe(
            name="kube-score",
            version=versions.KUBE_SCORE,
            module="github.com/zegl/kube-score",
            packages={"kube-score": "./cmd/kube-score"},
        ),
    )
}
"""Every component by name, in the order in which `build` makes them."""
