from __future__ import annotations

from html.parser import HTMLParser

from outlast.chaos.page import MOST_BYTES, campaign_html
from outlast.chaos.summary import summarize
from outlast.chaos.verdict import Verdict
from outlast.trace.timeline import Timeline
from tests.unit.chaos.campaigns import outcome, plain, struck


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def timeline(rows: int = 0) -> Timeline:
    return Timeline(title="job-0" * (1 + rows), jobs=("job-0",), status="Completed", began=100, ended=110, rows=())


def test_a_clean_campaign_says_so_with_its_bound() -> None:
    jobs = [outcome(None), outcome(0, *(struck() for _ in range(60)))]
    page = Tags(campaign_html(summarize("try", 7, jobs, [plain(None), plain(0)]), jobs, [timeline()]))
    assert "Nothing was lost, and nothing recorded was made twice" in page.text
    assert "none of 60 lost anything leaves at most 4.9% at 95% confidence" in page.text
    assert "plain script, started anew each time" in page.text
    assert any(tag == "figure" for tag, _ in page.tags)


def test_a_violation_stands_on_top_with_its_evidence() -> None:
    bad = outcome(0, struck(), verdict=Verdict.FALSE, rulings={"resent": Verdict.FALSE}, text="row 7 began twice")
    page = Tags(campaign_html(summarize("try", 7, [bad]), [bad], []))
    assert "Something that must hold did not" in page.text
    assert "Nothing was lost" not in page.text
    assert "row 7 began twice" in page.text


def test_nothing_runs_and_nothing_is_loaded() -> None:
    hostile = outcome(0, struck(aim="<script>alert(1)</script>", kind='"><img src=x onerror=y>'), job="<b>", text="")
    page = Tags(campaign_html(summarize("<i>", 7, [hostile]), [hostile], [timeline()]))
    assert {tag for tag, _ in page.tags} & {"script", "img", "b", "i", "link", "iframe"} == {"b"}  # tiles and verdict
    assert not any(name.startswith("on") or name in ("src", "href", "style") for _, a in page.tags for name in a)
    assert "<script>alert(1)</script>" in page.text


def test_a_page_that_would_be_too_large_leaves_timelines_out() -> None:
    jobs = [outcome(0, struck())]
    many = [timeline(rows=40_000) for _ in range(8)]
    page = campaign_html(summarize("try", 7, jobs), jobs, many)
    assert len(page.encode()) <= MOST_BYTES
    assert Tags(page).text.count("job-0job-0") > 0 or "figure" in page
