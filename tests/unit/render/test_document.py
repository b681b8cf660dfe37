"""Citations are numbered once, and found where they stand."""

from __future__ import annotations

from decimal import Decimal

from outlast.render.document import TOTAL, dollars

from .samples import good


def test_equal_citations_share_a_number() -> None:
    assert list(good().numbers.values()) == [1, 2, 3]
    assert good().numbers["factbook:x/area", "total: 5  sq km"] == 1


def test_each_quote_is_marked_where_it_stands() -> None:
    area, web = good().passages
    marked = [(part.text, part.begins) for part in area.parts() if part.marked]
    assert marked == [("total: ", (1,)), ("5 sq km", (3,)), ("\nland: 4", ())]
    assert "".join(part.text for part in area.parts()) == area.passage.text
    assert [(part.text, part.marked) for part in web.parts()] == [("X is small", True), (".", False)]


def test_cost_is_listed_by_role_with_the_total_last() -> None:
    assert [(cost.role, cost.model, cost.usage.requests) for cost in good().costs] == [
        ("planner", "offline:large", 1),
        ("analyst", "openai:gpt-5", 2),
        (TOTAL, "", 3),
    ]
    assert good().costs[-1].usage.cost_usd == Decimal("1.50045")


def test_a_stand_in_is_named_as_what_it_is() -> None:
    assert good().by_stand_in


def test_dollars_keep_the_places_that_tell_something() -> None:
    assert [dollars(Decimal(a)) for a in ("0", "0.00045", "1234.5")] == ["$0.00", "$0.0004", "$1,234.50"]
