"""The models of the offline server: what each costs and how long it takes.

Prices and delays are made up, and of the size of what large and small models cost and take, so that comparisons,
budgets and latency graphs have something to show. Nobody is charged.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from statistics import NormalDist

from outlast.offline.turn import Character
from outlast.settings import Price

PROVIDER = "offline"
"""What model names of this server start with elsewhere, as in `offline:large`."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a model costs and how long it takes; the time to the first token is lognormal."""

    price: Price
    median_seconds: float
    """Half of the requests get their first token sooner."""
    sigma: float
    """Spread of the logarithm: at 0.35 nineteen in twenty requests stay under 1.8 times the median."""
    seconds_per_token: float
    """Time for each token of the answer."""

    def first_token_seconds(self, request_hash: str, seed: int) -> float:
        """How long this request waits for its first token: the same each time it is sent."""
        digest = hashlib.sha256(f"latency:{seed}:{request_hash}".encode()).digest()
        # Strictly between 0 and 1, where the inverse of the distribution is finite.
        chance = (int.from_bytes(digest[:6]) + 0.5) / 2**48
        return self.median_seconds * math.exp(self.sigma * NormalDist().inv_cdf(chance))

    def cost_micro_usd(self, input_tokens: int, output_tokens: int) -> int:
        """What a request costs, in millionths of a US dollar, rounded up."""
        # Dollars for a million tokens are millionths of a dollar for one.
        exact = input_tokens * self.price.input + output_tokens * self.price.output
        return math.ceil(round(exact, 6))


PROFILES: dict[Character, Profile] = {
    Character.LARGE: Profile(Price(input=2.50, output=10.00), 0.300, 0.35, 0.0005),
    Character.SMALL: Profile(Price(input=0.15, output=0.60), 0.120, 0.35, 0.0002),
    Character.INVENTOR: Profile(Price(input=0.10, output=0.40), 0.060, 0.25, 0.0001),
    Character.GULLIBLE: Profile(Price(input=2.50, output=10.00), 0.300, 0.35, 0.0005),
}

PRICES: dict[str, Price] = {f"{PROVIDER}:{character}": profile.price for character, profile in PROFILES.items()}
"""Price by full model name, for whoever turns tokens into dollars."""
