from __future__ import annotations

from decimal import Decimal

from outlast.chaos.proof import SHOWN, Figures, Finding, Proof, Ruling
from outlast.chaos.verdict import Verdict, worst


def test_the_worst_verdict_decides() -> None:
    assert worst([]) is Verdict.UNKNOWN
    assert worst([Verdict.TRUE, Verdict.TRUE]) is Verdict.TRUE
    assert worst([Verdict.TRUE, Verdict.UNKNOWN]) is Verdict.UNKNOWN
    assert worst([Verdict.UNKNOWN, Verdict.FALSE, Verdict.TRUE]) is Verdict.FALSE


def test_a_ruling_on_nothing_is_unknown() -> None:
    assert Ruling("x", "X holds", "nothing", looked_at=0).verdict is Verdict.UNKNOWN


def test_the_text_names_what_is_wrong_and_where() -> None:
    finding = Finding(Verdict.FALSE, "row 7 began too late", "ns/peru", "agent__planner__model_request#2", (7,))
    text = Proof(
        ("ns/peru",), (Ruling("after", "Nothing after the end", "9 requests", (finding,)),), Figures()
    ).as_text()
    assert text.splitlines()[0] == "proof of ns/peru: VIOLATED"
    assert "VIOLATED: ns/peru agent__planner__model_request#2: row 7 began too late" in text


def test_many_findings_are_cut_in_the_text_and_whole_in_json() -> None:
    findings = tuple(Finding(Verdict.UNKNOWN, f"finding {n}") for n in range(SHOWN + 3))
    proof = Proof(("a",), (Ruling("x", "X", "much", findings),), Figures())
    assert "and 3 more; --json has them all" in proof.as_text()
    assert len(proof.as_json()["invariants"][0]["findings"]) == SHOWN + 3


def test_the_figures_of_an_eventful_run() -> None:
    figures = Figures(
        steps=8, requests=14, resumptions=2, replayed_steps=5, replay_seconds=0.0421, retried_attempts=7,
        silent_attempts=1, resent_requests=3, resent_by_cause={"cut: worker died": 2, "fault 429": 1},
        recorded_requests=5, lost_requests=1, broken_requests=1, recorded_cost_usd=Decimal("0.0125"),
        lost_cost_usd=Decimal("0.004303"), broken_cost_usd=Decimal("0.0043"),
    )  # fmt: skip
    text = Proof(("a",), (Ruling("x", "X", "all"),), figures).as_text()
    assert text.splitlines()[4:] == [
        "8 steps, 14 requests",
        "taken up by another worker 2 times: 5 recorded steps replayed in 42 ms",
        "7 attempts repeated, 1 of the earlier ones had sent nothing",
        "3 requests sent again:",
        "       2  cut: worker died",
        "       1  fault 429",
        "5 model requests recorded, $0.0125",
        "1 model request answered, and the answer lost, $0.004303",
        "1 model request billed for an answer that broke on the way, $0.0043",
    ]


def test_a_quiet_run_says_little() -> None:
    text = Proof(("a",), (Ruling("x", "X", "all"),), Figures(steps=1, requests=1, recorded_requests=1)).as_text()
    assert text.splitlines()[4:] == ["1 step, 1 request", "0 requests sent again", "1 model request recorded, $0"]
