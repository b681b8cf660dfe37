"""Every command on a page has a home, every link leads somewhere, and the index names every page."""

import re
from pathlib import Path

import pytest

from tests.docs.blocks import DOCS, ROOT, Block, Home, HomelessBlockError, blocks_of, missing, pages

MARKDOWN = sorted({*pages(), *DOCS.rglob("*.md"), *(ROOT / "charts").glob("*/*.md"), ROOT / "CHANGELOG.md"})
_LINK = re.compile(r"\[[^\]\[]*\]\((?P<target>[^)\s]+)\)")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", pages(), ids=name)
def test_every_block_says_where_it_runs(page: Path) -> None:
    for block in blocks_of(page):
        assert block.text.strip(), f"{block.where} is empty"


@pytest.mark.parametrize("page", [page for page in pages() if page.parent != ROOT], ids=name)
def test_no_command_hides_in_an_indented_block(page: Path) -> None:
    """Only fenced blocks are run, so commands stand in those."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^ {4}(?:\$ )?(?:outlast|kubectl|helm|make|pip|temporal) .*$", prose, flags=re.MULTILINE)
    assert commands == []


@pytest.mark.parametrize("page", MARKDOWN, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for found in _LINK.finditer(page.read_text()):
        target, _, anchor = found["target"].partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{name(page)} links to {found['target']}, which is not there"
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), f"{name(page)} links to {found['target']}, and there is no such heading"


def anchors(page: Path) -> set[str]:
    """Headings as GitHub names them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    named = {(DOCS / found["target"]).resolve() for found in _LINK.finditer(index)}
    decisions = DOCS / "adr"
    wanted = {page for page in DOCS.rglob("*.md") if page.parent != decisions and page != DOCS / "README.md"}
    assert {name(page) for page in wanted - named} == set()
    assert decisions in named


@pytest.mark.parametrize(
    ("fence", "complaint"),
    [
        ("```sh", "does not say where it runs"),
        ("```sh none", "does not say why"),
        ("```sh none:", "does not say why"),
        ("```sh laptop quietly", "which mean nothing here"),
        ("```yaml file=job.yaml", "does not say where it runs"),
    ],
)
def test_a_block_without_a_home_is_refused(fence: str, complaint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = ROOT / "page.md"
    monkeypatch.setattr(Path, "read_text", lambda self: f"{fence}\nls\n```\n")
    with pytest.raises(HomelessBlockError, match=complaint):
        list(blocks_of(page))


def block(text: str) -> Block:
    return Block(ROOT / "page.md", 1, "console", Home.LAPTOP, "", (), "", text)


def test_commands_and_what_they_promise_are_told_apart() -> None:
    found = block("$ kubectl get rj\nNAME   STAGE\n...\nmine   Complete\n$ echo \\\n> two")
    assert found.script == "kubectl get rj\necho \\\ntwo"
    assert found.expected == ["NAME   STAGE", "mine   Complete"]


@pytest.mark.parametrize(
    ("expected", "output", "lost"),
    [
        (["a ... b", "c"], "x\na 17 b\ny\nc", None),
        (["NAME   AGE"], "NAME                AGE ", None),
        (["c", "a"], "a\nc", "a"),
        (["a.c"], "abc", "a.c"),
    ],
)
def test_promised_lines_are_looked_for_in_order(expected: list[str], output: str, lost: str | None) -> None:
    assert missing(expected, output) == lost
