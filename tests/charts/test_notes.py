"""What a chart tells after an install: its commands name things that are there, so that pasting them works."""

import re
import shlex
from operator import attrgetter

import pytest

from tests.charts.helm import CHARTS, NAMESPACE, RELEASE, VALUE_SETS, ValueSet, ask, manifests

every_value_set = pytest.mark.parametrize("value_set", VALUE_SETS, ids=attrgetter("name"))


def notes(value_set: ValueSet) -> str:
    """The notes as an install would print them."""
    overlay = ["--values", str(CHARTS / value_set.chart / value_set.overlay)] if value_set.overlay else []
    place = ("--namespace", NAMESPACE, "--dry-run=client")
    answer = ask("install", RELEASE, CHARTS / value_set.chart, *place, *overlay, values=value_set.values)
    assert answer.status == 0, answer.errors
    return answer.output.partition("\nNOTES:\n")[2]


def commands(text: str) -> list[list[str]]:
    lines = [line.strip() for line in text.splitlines()]
    return [shlex.split(line.partition(" <<")[0]) for line in lines if line.startswith(("kubectl ", "helm "))]


@every_value_set
def test_the_commands_name_what_the_release_makes(value_set: ValueSet) -> None:
    text = notes(value_set)
    objects = manifests(value_set)
    made = {(one["kind"].lower(), one["metadata"]["name"]) for one in objects}
    made |= {("rj", "neighbours"), ("configmap", "neighbours-report")}  # the job of the notes, and its report
    sets = [one for one in objects if one["kind"] == "StatefulSet"]
    claims = [(one["metadata"]["name"], claim) for one in sets for claim in one["spec"].get("volumeClaimTemplates", [])]
    made |= {("pvc", f"{claim['metadata']['name']}-{name}-0") for name, claim in claims}
    found = commands(text)
    assert found
    for words in found:
        named = [tuple(word.split("/")) for word in words if re.fullmatch(r"[a-z]+/[a-z0-9.-]+", word)]
        assert set(named) <= made, f"{shlex.join(words)} names something that {value_set.name} does not make"


@every_value_set
def test_the_commands_say_which_namespace(value_set: ValueSet) -> None:
    for words in commands(notes(value_set)):
        told = {"--namespace", "--all-namespaces", "explain", "crd"} & set(words)
        assert told, f"{shlex.join(words)} would act on whatever namespace is current"


@every_value_set
def test_they_say_what_an_uninstall_keeps(value_set: ValueSet) -> None:
    keeps = value_set.chart != "temporal" or any(
        one["kind"] == "StatefulSet" and one["spec"].get("volumeClaimTemplates") for one in manifests(value_set)
    )
    assert ("ninstall" in notes(value_set)) is keeps
