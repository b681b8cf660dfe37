from decimal import Decimal

import pytest

from outlast.job.spec import Budget
from outlast.usage.budget import exceeded
from outlast.usage.meter import Meter, Usage

USED = Usage(requests=8, input_tokens=700, output_tokens=100, cost_usd=Decimal("0.08"))


@pytest.mark.parametrize(
    ("budget", "in_flight", "searching", "bound"),
    [
        pytest.param(Budget(), 50, True, None, id="no bound is never exceeded"),
        pytest.param(Budget(max_requests=9), 0, False, None, id="one request is left"),
        pytest.param(Budget(max_requests=9), 1, False, "maxRequests", id="the last request is in flight"),
        pytest.param(Budget(max_requests=8), 0, False, "maxRequests", id="all requests are used"),
        pytest.param(Budget(max_requests=10), 0, True, "maxRequests", id="a search leaves a fifth to the analysis"),
        pytest.param(Budget(max_requests=10), 0, False, None, id="the analysis may use the fifth"),
        pytest.param(Budget(max_tokens=800), 0, False, "maxTokens", id="input and output tokens count together"),
        pytest.param(Budget(max_tokens=801), 0, False, None, id="one token is left"),
        pytest.param(Budget(max_cost_usd=0.08), 0, False, "maxCostUSD", id="all dollars are used"),
        pytest.param(Budget(max_cost_usd=0.1), 0, True, "maxCostUSD", id="a search leaves a fifth of the dollars"),
        pytest.param(Budget(max_cost_usd=0.1), 0, False, None, id="dollars are left to the analysis"),
    ],
)
def test_the_next_request_is_admitted_while_every_bound_has_room(
    budget: Budget, in_flight: int, searching: bool, bound: str | None
) -> None:
    found = exceeded(budget, USED, in_flight=in_flight, searching=searching)
    assert (found.bound if found else None) == bound


def test_an_exceeded_bound_says_its_limit_and_what_is_used() -> None:
    assert str(exceeded(Budget(max_cost_usd=0.08), USED)) == "budget.maxCostUSD is 0.08, used 0.08"


def test_the_meter_adds_up_by_role_and_in_total() -> None:
    meter = Meter()
    meter.record("planner", input_tokens=10, output_tokens=1, cost_usd=Decimal("0.1"))
    meter.record("searcher", input_tokens=20, output_tokens=2, cost_usd=Decimal("0.2"))
    meter.record("searcher", input_tokens=30, output_tokens=3, cost_usd=None)
    assert meter.by_role["searcher"] == Usage(
        requests=2, input_tokens=50, output_tokens=5, cost_usd=Decimal("0.2"), unpriced_requests=1
    )
    assert (meter.total.requests, meter.total.tokens, meter.total.cost_usd) == (3, 66, Decimal("0.3"))


def test_a_request_without_a_price_is_never_free_in_silence() -> None:
    meter = Meter()
    meter.record("analyst", input_tokens=1, output_tokens=1, cost_usd=None)
    assert meter.total.unpriced_requests == 1
