"""The page is one file that runs nothing, loads nothing, and links only to where passages are."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from outlast.render.document import ReportDocument
from outlast.render.html import report_html
from outlast.render.plaintext import one_line

from .samples import HOSTILE, citation, good, hostile

ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "footer", "article"),
    *("h1", "h2", "h3", "p", "span", "b", "a", "sup", "mark", "ul", "ol", "li", "div"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


class Page(HTMLParser):
    """What a browser would find."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def attributes(self, name: str) -> list[str]:
        return [value or "" for _, found in self.tags for key, value in found.items() if key == name]


@pytest.mark.parametrize("document", [good(), hostile()], ids=["good", "hostile"])
def test_only_harmless_elements_are_in_it(document: ReportDocument) -> None:
    page = Page(report_html(document))
    assert page.open == []
    assert {tag for tag, _ in page.tags} <= ALLOWED
    names = {name for _, attributes in page.tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("src", "srcset", "style", "action")]


def test_hostile_text_is_shown_as_text() -> None:
    page = Page(report_html(hostile()))
    assert page.text.count("<script>alert(1)</script>") >= 10
    assert one_line(HOSTILE) in page.text
    assert "\x1b" not in page.text
    assert "\u202e" not in page.text


def test_links_lead_to_quotes_and_to_the_web_only() -> None:
    page = Page(report_html(good()))
    links = page.attributes("href")
    assert [link for link in links if not link.startswith("#")] == ["https://example.org/x?a=1&b=2"]
    anchors = set(page.attributes("id"))
    assert {link[1:] for link in links if link.startswith("#")} == anchors == {"quote-1", "quote-2", "quote-3"}
    assert all(link.startswith("#") for link in Page(report_html(hostile())).attributes("href"))


@pytest.mark.parametrize(
    "location",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example/x",
        "https:/x",
        "http://",
        "http://user:secret@example.org/",
        "http://exa mple.org",
        "http://example.org\\@evil.example",
        "http://[bad",
        "\x01javascript:alert(1)",
        "ht\ntps://example.org",
        "folder/file.md",
    ],
)
def test_other_locations_are_no_links(location: str) -> None:
    document = good()
    web = document.report.passages[1].model_copy(update={"location": location})
    document.report.passages[1] = web
    document.report.claims[0].citations[1] = citation(web, "X is small")
    assert all(link.startswith("#") for link in Page(report_html(document)).attributes("href"))


def test_the_policy_allows_the_style_of_the_page_and_nothing_else() -> None:
    text = report_html(good())
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    (policy,) = [a["content"] for tag, a in Page(text).tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_everything_of_the_report_is_there() -> None:
    page = Page(report_html(good()))
    for words in (
        "How large is X?",
        "5 sq km",
        "Most of it is land.",
        "QuoteNotFound",
        "X has 6",
        "Small, but dry.",
        "Is it growing?",
        "X area",
        "openai:gpt-5",
        "$1.50 or more",
        "no language model",
    ):
        assert words in page.text
    assert "<mark>" in report_html(good())
