"""The page of a comparison: whole, harmless, and with the figures that it is about."""

from __future__ import annotations

from decimal import Decimal
from html.parser import HTMLParser

import pytest

from outlast.cli.compare_page import comparison_html
from outlast.cli.compare_plots import _ticks
from outlast.cli.compare_save import _rendered
from outlast.evals.comparison import Comparison
from tests.unit.evals.builders import comparison, run, runs

HOSTILE = "<script>alert(1)</script>\x1b[31m"


class Page(HTMLParser):
    """Tags in order, texts, and what was opened and never closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture
def found() -> Comparison:
    hostile = [run(HOSTILE).model_copy(update={"answer": HOSTILE, "failure": HOSTILE})]
    return comparison(
        {
            "p:careful": [*runs(6, 5, steps=3), *hostile],
            "p:inventor": runs(6, 0, invented=6, steps=0, cost_usd=Decimal("0.0001")),
            f"p:{HOSTILE}": runs(6, 6, unpriced_requests=1),
        }
    )


def test_the_page_is_whole_and_asks_nothing_of_anybody(found: Comparison) -> None:
    page = Page(comparison_html(found))
    assert page.open == []
    assert "script" not in page.tags
    assert not {name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href", "style")}
    assert "\x1b" not in page.words
    assert page.tags.count("svg") > 2
    assert [value for name, value in page.attributes if name == "role"].count("img") == 2, "both plots have a text"


def test_it_says_who_invents_and_ranks_both_ways(found: Comparison) -> None:
    words = Page(comparison_html(found)).words
    assert "p:inventor invents." in words
    assert "It states 'x', but nobody found that." in words
    naive, honest = words.index("By what a run costs."), words.index("By what a right answer costs")
    assert "p:inventor $0.0001" in words[naive:honest]
    assert "p:inventor" not in words[honest : words.index("Cost against success")]
    assert "unknown: no price" in words


@pytest.mark.parametrize("suffix", [".json", ".txt", ".html"])
def test_every_form_tells_of_every_model(found: Comparison, suffix: str) -> None:
    text = _rendered(found, suffix)
    assert "p:careful" in text
    assert "p:inventor" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("most", [1e-9, 0.0007, 0.0217, 0.99, 1.0, 3.0, 7.0, 42.0, 123_456.0])
def test_ticks_are_few_and_reach_the_top(most: float) -> None:
    ticks = _ticks(most)
    assert 2 <= len(ticks) <= 8
    assert ticks[-1] >= most
    assert ticks[-2] < most


def test_nobody_honest_and_nothing_priced_is_a_page_too() -> None:
    nobody = comparison({"p:x": runs(3, 0, invented=3, unpriced_requests=1, steps=0)})
    page = Page(comparison_html(nobody))
    assert "nobody" in page.words
