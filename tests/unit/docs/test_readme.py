"""The commands of the README: each is run by something, and this says by what."""

import re

import pytest

from tests.docs.blocks import ROOT, blocks_of, pages

_TRY = (
    "helm upgrade --install outlast charts/outlast --namespace outlast --values charts/outlast/values-dev.yaml --wait"
)

RUN_BY = {
    "make demo": ("Makefile", "$(BIN)/outlast run k8s/examples/neighbours.yaml"),
    "make demo ID=mine": ("Makefile", "$(if $(ID),--id $(ID))"),
    "make test": (".ci/run", "make test"),
    "make demo-kill": ("Makefile", "scripts/demo_kill.py"),
    "outlast prove demo-e30fd2": ("scripts/demo_kill.py", '"prove"'),
    "outlast run k8s/examples/neighbours.yaml --id demo-e30fd2": ("scripts/demo_kill.py", '"run"'),
    "outlast run k8s/examples/neighbours.yaml --model anthropic:claude-sonnet-4-5": ("tests/unit/llm", "anthropic:"),
    'outlast run "What do they say on ...?" --source papers': ("docs/quickstart/laptop.md", "--source papers"),
    "outlast status ID": ("docs/concepts/budgets.md", "outlast status"),
    "outlast report ID --format html --output report.html": ("docs/quickstart/laptop.md", "--format html --output"),
    _TRY: (
        "docs/quickstart/kind.md",
        "--values charts/outlast/values-dev.yaml --wait",
    ),
    "kubectl wait --namespace outlast --for=condition=Complete rj/neighbours": (
        "docs/quickstart/kind.md",
        "--for=condition=Complete",
    ),
    "kubectl get --namespace outlast configmap neighbours-report --output=jsonpath='{.data.report\\.md}'": (
        "docs/quickstart/kind.md",
        "--output=jsonpath='{.data.report\\.md}'",
    ),
    "kubectl apply --namespace outlast -f k8s/examples/neighbours.yaml": (
        "docs/quickstart/kind.md",
        "-f k8s/examples/neighbours.yaml",
    ),
}
"""Commands of the README that stand on no page word for word: a file that runs them, and what shows it there."""

_COMMAND = re.compile(r"^ {4}(?:\$ )?((?:outlast|make|helm|kubectl) .*)$", re.MULTILINE)


def commands() -> list[str]:
    """Every command in an indented block; fenced ones say themselves where they run."""
    prose = re.sub(r"^```.*?^```", "", (ROOT / "README.md").read_text(), flags=re.MULTILINE | re.DOTALL)
    parts = [part for line in _COMMAND.findall(prose) for part in re.split(r"; | && ", line.partition("  #")[0])]
    return [part.strip() for part in parts]


@pytest.mark.parametrize("command", dict.fromkeys(commands()))
def test_every_command_is_run_by_something(command: str) -> None:
    if any(command in block.script for page in pages() for block in blocks_of(page)):
        return
    assert command in RUN_BY, f"{command!r} is run by nobody: put it on a page of docs/, or say here what runs it"
    place, sign = RUN_BY[command]
    path = ROOT / place
    found = path.read_text() if path.is_file() else "".join(file.read_text() for file in path.rglob("*.py"))
    assert sign in found
