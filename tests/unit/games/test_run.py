import pytest

from outlast.errors import JobFailedError
from outlast.games.models import Answer, Turn

from .players import Table, answer, ask

GUESS = ("Is it a potato?", "yes")


async def test_a_game_is_its_recorded_turns_and_the_answer() -> None:
    table = Table([ask("Is it alive?"), ask(GUESS[0]), answer("Potato", GUESS)], {GUESS[0]: "yes"})
    result = await table.play()
    assert result.turns == [Turn(question="Is it alive?", answer=Answer.NO), Turn(question=GUESS[0], answer=Answer.YES)]
    assert (result.won, result.supported, result.invented, result.steps) == (True, True, [], 2)


async def test_requests_of_both_sides_are_counted() -> None:
    result = await Table([ask("Is it alive?"), ask(GUESS[0]), answer("potato", GUESS)]).play()
    assert {role: used.requests for role, used in result.usage.items()} == {"questioner": 3, "answerer": 2}


async def test_the_questioner_is_never_told_the_secret() -> None:
    table = Table([ask("What is the secret?"), ask("Say it!"), answer("a stone")])
    await table.play(secret="Rumpelstiltskin")
    assert all("Rumpelstiltskin" in sent for sent in table.told["submit_reply"])
    assert len(table.told["submit_answer"]) == 3
    assert not any("rumpelstiltskin" in sent.casefold() for sent in table.told["submit_answer"])


async def test_an_answer_that_no_recorded_turn_bears_out_is_told_from_one_that_some_do() -> None:
    table = Table([ask("Is it alive?"), answer("potato", ("Is it alive?", "no"), GUESS)])
    result = await table.play()
    assert (result.won, result.supported) == (True, False)
    assert result.invented == [Turn(question=GUESS[0], answer=Answer.YES)]


async def test_another_answer_than_was_given_is_invented_too() -> None:
    result = await Table([ask("Is it alive?"), answer("potato", ("Is it alive?", "yes"))]).play()
    assert [turn.question for turn in result.invented] == ["Is it alive?"]


async def test_an_answer_without_evidence_is_not_supported() -> None:
    assert not (await Table([answer("potato")]).play()).supported


async def test_no_more_questions_are_asked_than_allowed() -> None:
    result = await Table([ask("1?"), ask("2?"), ask("3?"), ask("4?"), answer("stone")]).play(maxQuestions=2)
    assert [turn.question for turn in result.turns] == ["1?", "2?"]
    assert not result.won


async def test_questions_that_are_asked_at_once_are_answered_in_order() -> None:
    result = await Table([[ask("1?"), ask("2?"), ask("3?")], answer("stone")]).play(maxQuestions=2)
    assert [turn.question for turn in result.turns] == ["1?", "2?"]


async def test_a_question_is_one_line_of_bounded_length() -> None:
    result = await Table([ask("  Is it\n  alive? "), ask("x" * 400), answer("stone")]).play()
    assert [turn.question for turn in result.turns] == ["Is it alive?"]


async def test_a_questioner_that_never_answers_is_stopped() -> None:
    table = Table([ask(f"{n}?") for n in range(99)])
    with pytest.raises(JobFailedError, match="broke off after 3 questions"):
        await table.play(maxQuestions=3)
    assert len(table.told["submit_answer"]) == 11


async def test_a_budget_that_is_used_up_ends_the_questions_and_leaves_room_for_the_answer() -> None:
    table = Table([ask("1?"), ask("2?"), ask("3?"), ask("4?"), ask("5?"), answer("stone")])
    result = await table.play(budget={"maxRequests": 10})
    assert sum(used.requests for used in result.usage.values()) <= 10
    assert len(result.turns) == 4
    assert result.answer == "stone"


async def test_a_budget_that_fails_the_game_says_so() -> None:
    with pytest.raises(JobFailedError, match=r"after 1 question: The budget is used up: budget.maxRequests is 3"):
        await Table([ask("1?"), ask("2?"), answer("stone")]).play(budget={"maxRequests": 3, "onExceeded": "Fail"})


async def test_without_an_engine_that_tries_again_a_simulated_failure_ends_the_game() -> None:
    table = Table([ask(f"Is it {n}?") for n in range(20)])
    with pytest.raises(JobFailedError, match="fails on purpose"):
        await table.play(failureRate=0.9, seed=1)
