"""What a campaign has done so far, in a folder: a campaign that is started again goes on where it was."""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from outlast.chaos.outcome import Kept, Outcome, PlainOutcome
from outlast.chaos.plan import ChaosPlan
from outlast.errors import StateError, UsageError

KeptT = TypeVar("KeptT", bound=Kept)


class CampaignState:
    """The state file of one campaign.

    Args:
        folder: Where it is kept, made when missing.
        plan: Of the campaign.

    Raises:
        UsageError: the folder holds a campaign of another plan.
        StateError: it can't be read or written.
    """

    def __init__(self, folder: Path, plan: ChaosPlan) -> None:
        self.folder = folder
        self.run = uuid.uuid4().hex[:5]
        """Part of the names of jobs that this process submits: one that it left in its middle is not taken up."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._claim(plan)
            self.outcomes = self._read("outcomes.jsonl", Outcome)
            self.plain = self._read("plain.jsonl", PlainOutcome)
        except OSError as error:
            raise StateError(f"The campaign in {folder} can't be kept: {error.strerror}.") from None

    def add(self, outcome: Outcome) -> None:
        """Keep what became of a job."""
        self.outcomes.append(outcome)
        self._append("outcomes.jsonl", outcome)

    def add_plain(self, outcome: PlainOutcome) -> None:
        """Keep what became of a plain run of a job."""
        self.plain.append(outcome)
        self._append("plain.jsonl", outcome)

    def twins(self) -> dict[int, Outcome]:
        """Undisturbed runs, by number of the manifest."""
        return {one.number: one for one in self.outcomes if one.place is None}

    def done(self) -> set[int]:
        """Places in the plan of the jobs that ran."""
        return {one.place for one in self.outcomes if one.place is not None}

    @property
    def kills(self) -> int:
        """Processes or pods that ended so far."""
        return sum(struck.kills for one in self.outcomes for struck in one.struck)

    def _claim(self, plan: ChaosPlan) -> None:
        # Bounds may be raised between two starts; what is aimed may not change.
        told = plan.model_dump(mode="json", exclude={"spec": {"bounds"}})
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        claim = self.folder / "plan.sha256"
        if claim.exists() and claim.read_text() != digest:
            raise UsageError(
                f"The folder {self.folder} holds a campaign of another plan: give another folder, or remove that one."
            )
        claim.write_text(digest)

    def _read(self, name: str, kind: type[KeptT]) -> list[KeptT]:
        path = self.folder / name
        found: list[KeptT] = []
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                found.append(kind.model_validate_json(line))
            except ValidationError:
                continue  # cut short by the death of its writer
        return found

    def _append(self, name: str, outcome: Kept) -> None:
        try:
            with (self.folder / name).open("a") as file:
                file.write(outcome.model_dump_json() + "\n")
        except OSError as error:
            raise StateError(f"{self.folder / name} can't be written: {error.strerror}.") from None
