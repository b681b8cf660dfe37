from outlast.steps import Step, current_step, running

STEP = Step(job="j", run="r", activity="7", kind="agent__planner__model_request", attempt=2)


def test_a_step_comes_back_from_its_headers() -> None:
    assert Step.from_headers({key.title(): value for key, value in STEP.headers().items()}) == STEP


def test_a_request_that_names_no_step_has_none() -> None:
    assert Step.from_headers({"x-outlast-job": "j"}) is None
    assert Step.from_headers({**STEP.headers(), "x-outlast-attempt": "first"}) is None


def test_the_step_is_set_inside_its_block_only() -> None:
    with running(STEP):
        assert current_step() == STEP
    assert current_step() is None
