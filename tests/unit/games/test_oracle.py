import pytest

from outlast.errors import UsageError
from outlast.games import atlas
from outlast.games.gate import GameDeps
from outlast.games.models import Answer, GameRole
from outlast.games.oracle import answer, consult
from outlast.games.state import OracleQuestion
from outlast.offline.roles.countries import countries

from .players import Table, ask
from .players import answer as submit

GERMANY = "Germany"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Is it in Europe?", Answer.YES),
        ("Is it in Asia?", Answer.NO),
        ("is it in Central Europe", Answer.YES),
        ("Is it landlocked?", Answer.NO),
        ("Does it have a coast on the Baltic?", Answer.YES),
        ("Is it an island country?", Answer.NO),
        ("Does it border France?", Answer.YES),
        ("Does it share a border with the Netherlands?", Answer.YES),
        ("Does it border Spain?", Answer.NO),
        ("Does it have more than 5 neighbours?", Answer.YES),
        ("Does it have fewer than 5 neighbors?", Answer.NO),
        ("Does it have more than 50 million people?", Answer.YES),
        ("Is its population above 82 million?", Answer.KIND_OF),
        ("Are there more than 85,000,000 inhabitants?", Answer.NOT_REALLY),
        ("Is its area smaller than 100,000 sq km?", Answer.NO),
        ("Is it larger than 350,000 sq km?", Answer.KIND_OF),
        ("Is it a monarchy?", Answer.NO),
        ("Is it a federal republic?", Answer.YES),
        ("Is it in the southern hemisphere?", Answer.NO),
        ("Do people speak German there?", Answer.YES),
        ("Is English an official language?", Answer.NO),
        ("Is it mostly Muslim?", Answer.NOT_REALLY),
        ("Is its capital Berlin?", Answer.YES),
        ("Does its name begin with a letter from A to F?", Answer.NO),
        ("Does its name start with G?", Answer.YES),
        ("Is it Germany?", Answer.YES),
        ("Is it the Federal Republic of Germany?", Answer.YES),
        ("Is it the Netherlands?", Answer.COMPLETELY_WRONG),
        ("What is it called?", None),
        ("Does it like music?", None),
    ],
)
def test_answers_come_from_the_fields_of_the_factbook(question: str, said: Answer | None) -> None:
    assert answer(atlas.country(GERMANY), question) is said


def test_a_country_is_found_by_every_name_that_people_use_for_it() -> None:
    assert atlas.country("holland").name == "Netherlands"
    assert atlas.country("ivory coast").name == atlas.country("cote d'ivoire").name


@pytest.mark.parametrize(("name", "hint"), [("Germny", "did you mean 'Germany'"), ("Xyzzy", "common English name")])
def test_what_is_no_country_is_refused_with_what_may_be_meant(name: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        atlas.country(name)


def test_dependencies_and_seas_are_no_countries() -> None:
    assert len(atlas.countries()) > 190
    assert not {"Greenland", "World", "European Union", "Antarctica", "Hong Kong"} & atlas.countries().keys()


def test_any_two_countries_are_told_apart_by_what_the_offline_models_ask() -> None:
    answers = [tuple(given.values()) for given in countries().answers.values()]
    assert len(set(answers)) == len(answers)


def test_the_oracle_is_struck_by_simulated_failures_too() -> None:
    deps = GameDeps(role=GameRole.ANSWERER, failure_rate=0.9, seed=1, question=1)
    with pytest.raises(Exception, match="fails on purpose"):
        consult(OracleQuestion(secret=GERMANY, question="Is it in Europe?", deps=deps))


async def test_a_game_with_an_oracle_asks_no_model_for_answers() -> None:
    table = Table([ask("Is it in Asia?"), ask("Is it nice?"), ask("Is it Germany?"), submit("the Germany")])
    result = await table.play(secret="Germany", oracle=True)
    assert [turn.answer for turn in result.turns] == [Answer.NO, None, Answer.YES]
    assert result.won
    assert list(result.usage) == ["questioner"]
    assert list(table.told) == ["submit_answer"]


async def test_another_name_of_the_country_is_right_too() -> None:
    assert (await Table([submit("Holland")]).play(secret="Netherlands", oracle=True)).won
