"""The countries, for who asks about them."""

from __future__ import annotations

from outlast.offline.roles.things import Knowledge


def countries() -> Knowledge:
    """What the Factbook's own oracle would answer of each country."""
    raise NotImplementedError
