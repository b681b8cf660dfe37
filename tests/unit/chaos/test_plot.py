from __future__ import annotations

import json
from xml.etree import ElementTree

from scripts.chaos_plot import KEPT, PICTURE, draw


def test_the_picture_is_drawn_from_the_figures_beside_it() -> None:
    figures = json.loads(KEPT.read_text())
    assert PICTURE.read_text() == draw(figures)
    assert figures["verdict"] == "true"
    ElementTree.fromstring(PICTURE.read_text())
