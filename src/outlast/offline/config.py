"""How an offline model server is set up: one frozen model, read by nobody but the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt

from outlast.offline.faults import FaultConfig


class OfflineConfig(BaseModel):
    """What one server needs to know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    host: str = "127.0.0.1"
    """Address to listen on. The server asks for no key: think before naming one that others reach."""
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    """0 picks a free one."""
    name: str = "offline"
    """What the ledger calls this server."""
    ledger: Path | None = None
    """SQLite file for the ledger; None keeps it in memory, where it grows and dies with the process."""
    proof: bool = True
    """Refuse requests that can't be recorded, rather than serve them unrecorded."""
    seed: int = 0
    """Seed of delays and faults."""
    latency_scale: NonNegativeFloat = 1.0
    """Every delay is multiplied by it; 0 answers at once."""
    faults: FaultConfig = FaultConfig()
    """What goes wrong from the start."""
    fault_control: bool = False
    """Whether `PUT /faults` may change the faults while the server runs."""
    drain_seconds: NonNegativeFloat = 2.0
    """Time that requests get to finish when the server stops."""
    max_body_bytes: PositiveInt = 32 * 1024 * 1024
    """Largest request body."""
