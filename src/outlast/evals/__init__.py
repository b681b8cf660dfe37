"""Questions with known answers, and the judge of reports: what tells one model from another.

The answers are computed from the data of the World Factbook itself, without the search index and without the rules of
the offline models. Twins are the same questions over altered figures: a model that answers from memory fails them.
"""

from outlast.evals.case import Expected, GoldCase, Kind
from outlast.evals.corpus import Corpus, altered_corpus, corpus_passages, embedded_corpus
from outlast.evals.gold import gold_cases, twin_cases
from outlast.evals.score import Score, score

__all__ = [
    "Corpus",
    "Expected",
    "GoldCase",
    "Kind",
    "Score",
    "altered_corpus",
    "corpus_passages",
    "embedded_corpus",
    "gold_cases",
    "score",
    "twin_cases",
]
