"""The commands of the pages of docs/ that need a cluster, as they stand there, against the install that tests share."""

from __future__ import annotations

import pytest

from tests.cluster.reader import Reader
from tests.docs.blocks import DOCS, Block, Home
from tests.docs.running import at_home

ORDER = ("how-to/install", "quickstart/cluster", "how-to/upgrade")
"""These make files that later ones use, as a reader who follows them does; the others stand alone."""
LAST = "how-to/uninstall"
"""Nobody needs the install any more."""


def pages_here() -> dict[str, list[Block]]:
    names = sorted(str(page.relative_to(DOCS).with_suffix("")) for page in DOCS.rglob("*.md"))
    names = [*ORDER, *(name for name in names if name != LAST), LAST]
    found = {name: at_home(DOCS / f"{name}.md", Home.CLUSTER) for name in names}
    return {name: blocks for name, blocks in found.items() if blocks}


@pytest.mark.parametrize("blocks", pages_here().values(), ids=pages_here().keys())
def test_the_commands_of_a_page_work(blocks: list[Block], reader: Reader) -> None:
    reader.follow(blocks)
