"""The sentences that questions are made of: several for each kind, as people put them."""

from __future__ import annotations

from collections.abc import Mapping

from outlast.evals.case import Kind

TEMPLATES: Mapping[Kind, tuple[str, ...]] = {
    Kind.LIST: (
        "What is the {noun} of each country that borders {place}?",
        "Give the {noun} for every neighbour of {place}.",
        "List the {noun} of each of {places_} neighbours.",
    ),
    Kind.NAMES: (
        "List the {plural} of {places_} neighbours.",
        "What is the {noun} of each neighbour of {place}?",
        "Give the {noun} of every country bordering {place}.",
    ),
    Kind.MOST: (
        "Which of {places_} neighbours {most}?",
        "Which country bordering {place} {most}?",
        "Among the neighbours of {place}, which one {most}?",
        "Which of {places_} neighbours {most}, and how do they rank?",
        "Of all the countries that share a border with {place}, which {most}?",
    ),
    Kind.LEAST: (
        "Which of {places_} neighbours {least}?",
        "Which country that borders {place} {least}?",
        "Among the countries bordering {place}, which one {least}?",
    ),
    Kind.RANK: (
        "Rank {places_} neighbours by {noun}.",
        "Order the countries that border {place} by {noun}, from highest to lowest.",
        "How do the neighbours of {place} rank by {noun}?",
    ),
    Kind.SUM: (
        "What is the total {noun} of the countries that border {place}?",
        "What is the combined {noun} of {places_} neighbours?",
        "Add up the {noun} of all the neighbours of {place}.",
    ),
    Kind.MEAN: (
        "What is the average {noun} of {places_} neighbours?",
        "What is the mean {noun} of the countries bordering {place}?",
    ),
    Kind.COUNT: (
        "How many of {places_} neighbours have {bound}?",
        "How many countries bordering {place} have {bound}?",
        "How many neighbours of {place} have {bound}?",
    ),
    Kind.NEIGHBOURS: (
        "Which countries border {place}?",
        "What are {places_} land neighbours?",
        "List the countries that share a land border with {place}.",
    ),
    Kind.BORDER: ("How long is the border between {place} and {other}?", "How long is {places_} border with {other}?"),
    Kind.FIGURE: ("What is the {noun} of {place}?", "What is {places_} {noun}?", "Tell me the {noun} of {place}."),
    Kind.TEXT: ("What is the {noun} of {place}?", "What is {places_} {noun}?"),
    Kind.COMPARE: (
        "Which has the {higher} {noun}, {place} or {other}?",
        "Compare the {noun} of {place} and {other}: which is {higher}?",
        "Which country has the {higher} {noun}: {place} or {other}?",
    ),
    Kind.ORDER: (
        "Rank {place}, {other} and {third} by {noun}.",
        "Put {place}, {other} and {third} in order of {noun}.",
    ),
}

FICTIONAL = ("Freedonia", "Ruritania", "Genovia", "Latveria", "Elbonia", "Zubrowka", "Sokovia", "Wakanda")
"""Places that no factbook lists."""

ABOUT_FICTION = (
    "What is the population of {place}?",
    "What is the capital of {place}?",
    "Which of {place}'s neighbours has the largest population?",
    "Rank {place}'s neighbours by area.",
)

NOT_RECORDED = (
    "How many pet cats live in {place}?",
    "What is the average shoe size in {place}?",
    "What is the tallest building in {place}?",
    "How many chess grandmasters does {place} have?",
    "What is the average rent in {place}?",
    "What was the population of {place} in 1950?",
    "Which of {places_} neighbours has the most football stadiums?",
    "Which of {places_} neighbours has the most vineyards?",
)
"""What the Factbook does not tell about any place."""

ABOUT_NO_NEIGHBOURS = (
    "Which of {places_} land neighbours has the largest population?",
    "What is the total area of the countries that border {place}?",
    "Rank the countries bordering {place} by median age.",
)


def with_article(name: str) -> str:
    """The name as it stands in a sentence: `the Netherlands`."""
    takes = name.endswith((" Islands", " Republic", " Emirates", " States", " Kingdom", " of the Congo"))
    return (
        f"the {name}"
        if takes or name in {"Bahamas", "Comoros", "Gambia", "Maldives", "Netherlands", "Philippines"}
        else name
    )


def possessive(name: str) -> str:
    """`Germany's`, `the Netherlands'`."""
    shown = with_article(name)
    return f"{shown}'" if shown.endswith("s") else f"{shown}'s"


def sentence(template: str, names: Mapping[str, str], words: Mapping[str, str]) -> str:
    """A question, from a template, the names of places by role and the words of a field."""
    shown = {role: with_article(name) for role, name in names.items()}
    text = template.format(**shown, places_=possessive(names["place"]), **words)
    return text[:1].upper() + text[1:]
