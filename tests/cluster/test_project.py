"""The project's image is built from a Dockerfile here, layer by layer, and runs on the node."""

import json
from pathlib import Path

import pytest

from tests.cluster.debian_images import DEBIAN_IMAGES
from tests.cluster.errors import CommandError
from tests.cluster.handle import Cluster
from tests.cluster.oci import reference_of
from tests.cluster.plugin import CONTEXT_OPTION
from tests.cluster.project import build_project_image

TAG = "docker.io/outlast-test/toy:1"
DOCKERFILE = f"""\
FROM {DEBIAN_IMAGES["python"].reference} AS build
RUN python -m venv /venv && date +%s%N > /venv/built
FROM {DEBIAN_IMAGES["python"].reference}
COPY --from=build /venv /venv
COPY app.py /app.py
USER 65532:65532
ENTRYPOINT ["/venv/bin/python", "/app.py"]
"""


@pytest.fixture
def context(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    if request.config.getoption(CONTEXT_OPTION, default=""):
        pytest.skip("the image of another cluster is built by other means")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "app.py").write_text("print(open('/venv/built').read(), 'first')")
    return tmp_path


def run(cluster: Cluster, archive: Path, name: str) -> list[str]:
    """What a pod of the image printed, word by word."""
    cluster.load_image(archive)
    security = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "runAsNonRoot": True}
    container = {"name": name, "image": TAG, "imagePullPolicy": "Never", "securityContext": security}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}}
    cluster.kubectl.apply(json.dumps({**pod, "spec": {"restartPolicy": "Never", "containers": [container]}}))
    cluster.kubectl("wait", f"pod/{name}", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=50s")
    printed = cluster.kubectl("logs", name)
    cluster.kubectl("delete", "pod", name, "--now")
    return printed.split()


def test_the_image_runs_and_a_changed_source_reuses_the_layers_before_it(cluster: Cluster, context: Path) -> None:
    archive = build_project_image(context, TAG)
    assert reference_of(archive) == TAG
    built, text = run(cluster, archive, "toy-first")
    assert text == "first"
    (context / "app.py").write_text("print(open('/venv/built').read(), 'second')")
    assert run(cluster, build_project_image(context, TAG), "toy-second") == [built, "second"]


def test_a_failing_step_is_shown(context: Path) -> None:
    (context / "Dockerfile").write_text(f"{DOCKERFILE}\nRUN echo why it failed && false")
    with pytest.raises(CommandError, match="why it failed"):
        build_project_image(context, TAG)
