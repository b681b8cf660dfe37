"""The memory behind the faults: how often a request was sent, and how many aimed faults are left."""

from __future__ import annotations

from collections import OrderedDict
from fnmatch import fnmatchcase

from outlast.offline.faults import AimedFault, Fault, FaultConfig, decide, make
from outlast.steps import Step

REMEMBERED = 200_000
"""Requests whose number of sends is remembered; the longest unseen are forgotten first and count from 1 again."""


class FaultInjector:
    """Says of each request what it is going to meet. Not thread-safe: it lives in the server's event loop."""

    def __init__(self, config: FaultConfig, seed: int) -> None:
        self._seed = seed
        self._sends: OrderedDict[tuple[str | None, str], int] = OrderedDict()
        self.replace(config)

    def replace(self, config: FaultConfig) -> None:
        """Start over with another configuration; how often each request was sent stays known."""
        self.config = config
        self._left = [aimed.count for aimed in config.aimed]

    def remaining(self) -> FaultConfig:
        """The configuration with what is left of its aimed faults."""
        aimed = [
            aimed.model_copy(update={"count": left})
            for aimed, left in zip(self.config.aimed, self._left, strict=True)
            if left
        ]
        return self.config.model_copy(update={"aimed": tuple(aimed)})

    def next(self, request_hash: str, step: Step | None) -> Fault | None:
        """The fault of this send, if any; counts the send and spends an aimed fault."""
        # Sends are counted by job: jobs that ask the same must not change each other's faults.
        key = (step.job if step else None, request_hash)
        nth = self._sends.pop(key, 0) + 1
        self._sends[key] = nth
        if len(self._sends) > REMEMBERED:
            self._sends.popitem(last=False)
        for index, aimed in enumerate(self.config.aimed):
            if self._left[index] and _matches(aimed, step):
                self._left[index] -= 1
                return make(self.config, aimed.kind)
        return decide(self.config, self._seed, request_hash, nth)


def _matches(aimed: AimedFault, step: Step | None) -> bool:
    kind, job = (step.kind, step.job) if step else ("", "")
    return fnmatchcase(kind, aimed.steps) and fnmatchcase(job, aimed.job)
