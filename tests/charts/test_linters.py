"""What other people's linters say of the charts: helm lint, and kube-score, with a reason for each thing not asked."""

from operator import attrgetter
from pathlib import Path

import pytest

from tests.charts.helm import CHARTS, NAMESPACE, RELEASE, VALUE_SETS, ValueSet, ask, kube_score, rendered

every_value_set = pytest.mark.parametrize("value_set", VALUE_SETS, ids=attrgetter("name"))


@every_value_set
def test_helm_finds_nothing(value_set: ValueSet) -> None:
    overlay = ["--values", str(CHARTS / value_set.chart / value_set.overlay)] if value_set.overlay else []
    answer = ask("lint", "--strict", CHARTS / value_set.chart, *overlay, values=value_set.values)
    assert "1 chart(s) linted, 0 chart(s) failed" in answer.output
    assert "[WARNING]" not in answer.output + answer.errors


IGNORED = {
    "container-cpu-limit": "a throttled worker misses its heartbeats; requests give each pod its share",
    "container-image-pull-policy": "tags are versions that never move, and a node may start without the registry",
    "container-ephemeral-storage-request-and-limit": "roots are read-only, and every emptyDir has a size limit",
    "container-security-context-user-group-id": "the public images of Temporal and PostgreSQL have users 1000 and 999",
    "deployment-has-host-podantiaffinity": "topology spread constraints do it, and still schedule on a lone node",
    "deployment-strategy": "the offline server's ledger has one writer, so the old pod goes first",
    "statefulset-has-servicename": "the one pod of each is reached by a Service whose address outlives it",
    "pod-networkpolicy": "checked where policies are on",
}
"""What kube-score is not asked, and why."""

FEW = {"temporal-eval", "outlast-dev", "outlast-chaos"}
"""Value sets to try things out, with one pod of each kind."""

SCALED_BY_KEDA = {"outlast-prod", "outlast-cloud-keda"}
"""Value sets whose workers' Deployment names no number, and kube-score knows nothing of KEDA, which does."""


@pytest.mark.parametrize("value_set", VALUE_SETS[1:], ids=attrgetter("name"))  # the first has no pods
def test_kube_score_finds_nothing(value_set: ValueSet) -> None:
    ignored = set(IGNORED) - (set() if value_set.name == "outlast-hpa" else {"pod-networkpolicy"})
    options = [f"--ignore-test={name}" for name in sorted(ignored) if name != "container-cpu-limit"]
    few = ["--min-replicas-deployment=1"] if value_set.name in FEW | SCALED_BY_KEDA else []
    minimum = ["--min-replicas-hpa=1"]  # as with KEDA: an idle fleet is one worker
    found = kube_score(rendered(value_set), "--ignore-container-cpu-limit", *options, *few, *minimum)
    assert found == ""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of all charts."""
    folder = tmp_path_factory.mktemp("packages")
    for chart in sorted({value_set.chart for value_set in VALUE_SETS}):
        assert ask("package", CHARTS / chart, "--destination", folder).status == 0
    return folder


@every_value_set
def test_a_package_renders_as_the_folder_does(value_set: ValueSet, packages: Path) -> None:
    """Parts of the charts are links into the checkout: a package has to hold what they point to."""
    (package,) = packages.glob(f"{value_set.chart}-[0-9]*.tgz")
    overlay = ["--values", str(CHARTS / value_set.chart / value_set.overlay)] if value_set.overlay else []
    answer = ask("template", RELEASE, package, "--namespace", NAMESPACE, *overlay, values=value_set.values)
    assert answer.status == 0, answer.errors
    assert sources(answer.output) == sources(rendered(value_set))


def sources(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("# Source: ")]
