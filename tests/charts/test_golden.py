"""Renderings of the main value sets, compared to the byte: a change of a template shows in review as what it does."""

from operator import attrgetter
from pathlib import Path

import pytest

from tests.charts.helm import VALUE_SETS, ValueSet, rendered


@pytest.mark.parametrize("value_set", VALUE_SETS, ids=attrgetter("name"))
def test_the_rendering_is_the_golden_one(value_set: ValueSet) -> None:
    assert rendered(value_set) == value_set.golden.read_text(), "`python -m tests.charts` writes it anew"


def test_every_golden_file_has_its_value_set() -> None:
    found = {path.stem for path in (Path(__file__).parent / "golden").iterdir()}
    assert found == {value_set.name for value_set in VALUE_SETS}
