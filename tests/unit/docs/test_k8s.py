"""The folder k8s/ holds what its page says."""

import json
import re

from tests.docs.blocks import ROOT

K8S = ROOT / "k8s"


def test_the_page_names_every_folder() -> None:
    named = set(re.findall(r"^\| `(\w+)/` ", (K8S / "README.md").read_text(), flags=re.MULTILINE))
    assert named == {path.name for path in K8S.iterdir() if path.is_dir()}


def test_the_dashboard_is_the_one_of_the_chart() -> None:
    chart = ROOT / "charts" / "outlast" / "files" / "dashboard.json"
    assert (K8S / "dashboards" / "outlast.json").resolve() == chart
    assert json.loads(chart.read_text())["panels"]
