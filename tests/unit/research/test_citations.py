import pytest

from outlast.research.citations import check_claims
from outlast.research.models import Citation, CutReason, DraftClaim
from outlast.sources.passage import Passage

AREA = Passage.of(
    id="factbook:gm/area",
    source="factbook",
    title="Germany: Area",
    text="total: 357,022 sq km\nland: 348,672",
    location="x",
)
PASSAGES = {AREA.id: AREA}


def claim(*citations: tuple[str, str]) -> DraftClaim:
    return DraftClaim(text="It is so.", citations=[Citation(passage_id=p, quote=q) for p, q in citations])


@pytest.mark.parametrize(
    "quote",
    [
        pytest.param("total: 357,022 sq km", id="a line of it"),
        pytest.param("357,022", id="a part of a line"),
        pytest.param("357,022 sq km\n\n land:   348,672", id="white space folded"),
    ],
)
def test_a_quote_that_stands_in_its_passage_holds(quote: str) -> None:
    checked = check_claims([claim((AREA.id, quote))], PASSAGES)
    assert checked.cut == []
    (citation,) = checked.claims[0].citations
    assert (citation.title, citation.location, citation.sha256) == (AREA.title, AREA.location, AREA.sha256)


@pytest.mark.parametrize(
    ("passage_id", "quote", "reason"),
    [
        pytest.param("factbook:fr/area", "total", CutReason.UNKNOWN_PASSAGE, id="a passage nobody returned"),
        pytest.param(AREA.id, "357,023 sq km", CutReason.QUOTE_NOT_FOUND, id="another figure"),
        pytest.param(AREA.id, "Total: 357,022", CutReason.QUOTE_NOT_FOUND, id="another case"),
        pytest.param(AREA.id, "total: ... sq km", CutReason.QUOTE_NOT_FOUND, id="an ellipsis"),
    ],
)
def test_what_does_not_hold_is_cut_with_its_reason(passage_id: str, quote: str, reason: CutReason) -> None:
    checked = check_claims([claim((passage_id, quote))], PASSAGES)
    assert checked.claims == []
    assert [cut.reason for cut in checked.cut] == [reason, CutReason.UNSUPPORTED]


def test_a_claim_keeps_the_citations_that_hold() -> None:
    checked = check_claims([claim((AREA.id, "land: 348,672"), (AREA.id, "water: 0"))], PASSAGES)
    assert [c.quote for c in checked.claims[0].citations] == ["land: 348,672"]
    assert [cut.subject for cut in checked.cut] == ["water: 0"]
