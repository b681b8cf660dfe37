"""Reads what figures are to be compared with: `more than 10 million`, `a larger area than France`."""

from __future__ import annotations

import re

from outlast.offline.roles.ask import Threshold
from outlast.offline.roles.numbers import asked_number
from outlast.offline.roles.phrases import NAME, place_name

ITSELF = "it"
"""Stands for the place whose neighbours are asked about, until that is known."""

_BOUND = re.compile(
    r"\b(?P<inclusive>at least|at most|no less|not less|no fewer|no more|not more|minimum of|maximum of)?\s*"
    r"(?:(?P<high>more|greater|larger|higher|bigger|longer|older|richer|over|above|exceed\w*|beyond|surpass\w*)"
    r"|(?P<low>less|fewer|smaller|lower|shorter|younger|poorer|under|below))?\b"
)
_FLOOR = re.compile(r"least|less|fewer|minimum")
"""Inclusive bounds that are the lower end: `no fewer than` is at least."""

_NUMBER = re.compile(
    r"(?:\s*(?:than|of|by|a|an|the|is|in|#))*\s*[$€£]?\s*(?:\d|\w+\s+(?:hundred|thousand|million|billion|trillion))"
)
_THAN = re.compile(
    rf"\bthan\s+(?:that of\s+|in\s+|does\s+)?(?:the\s+)?(?:(?P<place>{NAME})|(?P<itself>it(?:self)?|they|their)\b)"
)


def threshold(text: str, cased: str) -> Threshold | None:
    """The first bound of a question, None when it has none.

    Args:
        text: the question in lower case, `#` where it names its field.
        cased: the same with its capitals.
    """
    for found in _BOUND.finditer(text):
        inclusive = found["inclusive"] or ""
        if not (found["high"] or found["low"] or inclusive):
            continue
        above = bool(_FLOOR.search(inclusive)) if inclusive else bool(found["high"])
        rest = text[found.end() :]
        number = asked_number(rest) if _NUMBER.match(rest) else None
        if number is not None:
            return Threshold(above=above, inclusive=bool(inclusive), quantity=number)
        than = _THAN.search(cased[found.end() :])
        if than:
            return Threshold(above=above, place=place_name(than["place"]) if than["place"] else ITSELF)
    return None
