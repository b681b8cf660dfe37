"""Every `OUTLAST_` variable, in one frozen tree.

Nothing else in the package reads the environment for itself. Keys of model providers and search services keep the
names that their own libraries document (`OPENAI_API_KEY`, `TAVILY_API_KEY`, ...), so what works elsewhere works here.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SourceSyntaxError

from outlast.errors import SettingsError

PREFIX = "OUTLAST_"

DEFAULT_MODEL = "offline:large"
"""The rule-based stand-in: a first run needs no key and costs nothing real."""


def _state_home() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "outlast"


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "outlast"


class Price(BaseModel):
    """What a model costs, in US dollars for a million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: NonNegativeFloat
    output: NonNegativeFloat


class MCPServer(BaseModel):
    """A Model Context Protocol server whose tools searchers and the analyst may call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = None
    """Streamable HTTP endpoint; exactly one of `url` and `command`."""
    command: tuple[str, ...] = ()
    """Program and arguments of a server that speaks over standard input and output."""


class Settings(BaseSettings):
    """What one process reads at start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", use_attribute_docstrings=True, env_ignore_empty=True
    )

    # Models
    model: str = DEFAULT_MODEL
    """Model of every role that names none, as Pydantic AI spells it: `openai:gpt-5`, `gateway/anthropic:...`."""
    model_planner: str | None = None
    """Model of the planner."""
    model_searcher: str | None = None
    """Model of the searchers."""
    model_analyst: str | None = None
    """Model of the analyst."""
    model_questioner: str | None = None
    """Model that asks in a game of Twenty Questions."""
    model_answerer: str | None = None
    """Model that answers in a game of Twenty Questions."""
    base_urls: dict[str, str] = {}
    """Endpoint by provider for servers that speak its wire format: `{"openai": "http://vllm:8000/v1"}`."""
    prices: dict[str, Price] = {}
    """Price by model for models that genai-prices doesn't know: `{"openai:local": {"input": 0, "output": 0}}`."""
    offline_url: str | None = None
    """Base URL of a running offline model server; unset, `outlast run` starts one."""
    request_timeout_seconds: PositiveFloat = 600
    """How long a provider may stay silent before its request is given up and made again."""

    # Temporal
    temporal_address: str | None = None
    """Frontend as host:port. Unset, `outlast run` uses the embedded server and a worker refuses to start."""
    temporal_namespace: str = "default"
    """Namespace that jobs run in; it has to be there."""
    temporal_api_key: SecretStr | None = None
    """For Temporal Cloud or an authorizer; implies TLS."""
    temporal_tls_ca: Path | None = None
    """PEM file of the authority that signed the frontend's certificate; implies TLS."""
    temporal_tls_cert: Path | None = None
    """PEM file of this client's certificate, for mTLS; needs `temporal_tls_key`."""
    temporal_tls_key: Path | None = None
    """PEM file of this client's private key."""
    task_queue: str = "outlast"
    """Task queue of workers and of jobs that name none."""

    # Payloads
    encryption_keys_file: Path | None = None
    """JSON file `{"active": ID, "keys": {ID: base64 of 32 bytes}}`: payloads and failures are encrypted with it."""
    payload_store: str | None = None
    """Where payloads over `payload_threshold_bytes` go: `file:///path` or `s3://bucket/prefix`."""
    payload_threshold_bytes: PositiveInt = 128 * 1024
    """Temporal takes 2 MB a payload, but 4 MB a message, and one message holds what 16 parallel searches send."""

    # Worker
    heartbeat_seconds: PositiveFloat = 3
    """How long the death of a worker goes unnoticed when nobody reports it."""
    drain_seconds: PositiveInt = 30
    """Time that steps get to finish after SIGTERM; the chart derives the pod's grace period from the same value."""
    max_concurrent_steps: PositiveInt = 50
    """Activity slots of one worker."""
    build_id: str | None = None
    """Version of this worker for worker deployment versioning; unset, the worker is unversioned."""
    deployment: str = "outlast"
    """Worker deployment that `build_id` is a version of."""
    identity: str | None = None
    """How this process signs its work; on a cluster pod name and uid. Unset: host and process id."""
    http_host: str = "127.0.0.1"
    """Address of `/metrics`, `/healthz` and `/readyz`; the chart sets the pod's."""
    http_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Port of the same; unset, the worker serves none, 0 picks a free one."""
    trace_content: bool = False
    """Whether spans hold prompts, answers, passages and error texts; otherwise names, sizes and durations only."""

    # Operator
    operator_namespaces: tuple[str, ...] = ()
    """Namespaces whose jobs the operator carries out, as a JSON list; empty means all."""
    operator_lease_namespace: str | None = None
    """Namespace of the Lease by which replicas elect the one that acts; unset, the pod's own."""
    operator_lease_name: str = "outlast-operator"
    """Name of the Lease that the acting replica holds."""
    operator_lease_seconds: PositiveFloat = 15
    """After how long without renewal another replica takes over; a holder stops acting at two thirds of it."""
    operator_sweep_seconds: PositiveFloat = 1
    """Least pause between two listings of all running workflows."""
    operator_workers: PositiveInt = 32
    """Jobs that are looked at at once."""
    operator_worker_selector: str = "app.kubernetes.io/name=outlast,app.kubernetes.io/component=worker"
    """Label selector of worker pods, whose steps are taken up elsewhere as soon as one is reported dead."""
    operator_worker_namespace: str | None = None
    """Namespace of the worker pods; unset, the pod's own."""
    result_stores: dict[str, str] = {}
    """Stores for reports by the name that jobs use in `spec.result.store`: `{"archive": "s3://bucket/prefix"}`."""
    result_overflow_store: str | None = None
    """The one of them that takes reports too large for a ConfigMap; unset, the ConfigMap holds their summary."""

    # Sources
    mcp_servers: dict[str, MCPServer] = {}
    """MCP servers by the name that jobs use in `sources`."""
    private_hosts: tuple[str, ...] = ()
    """Hosts with private addresses that web and MCP sources may reach all the same."""
    ledger: Path | None = None
    """SQLite file in which sources record each search before and after it."""

    # This machine
    state_dir: Path = Field(default_factory=_state_home)
    """Database of the embedded server, ledgers, logs."""
    cache_dir: Path = Field(default_factory=_cache_home)
    """Corpus indexes; safe to delete."""
    log_format: Literal["text", "json"] = "text"
    """How workers and the operator log."""

    def model_for(self, role: str) -> str:
        """The model of a role, as set or by default."""
        return str(getattr(self, f"model_{role}") or self.model)


def load_settings() -> Settings:
    """Read the settings, refusing variables that nobody would read.

    Raises:
        SettingsError: an `OUTLAST_` variable is unknown, or its value does not parse.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            hint = f"did you mean {near[0]}?" if near else "`outlast settings` lists them all."
            raise SettingsError(f"{name} is set, but outlast knows no such variable: {hint}")
    try:
        return Settings()
    except SourceSyntaxError as error:
        raise SettingsError(f"{error}: {error.__cause__}") from None
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'.'.join(str(part) for part in problem['loc']).upper()}={problem['input']!r}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        ]
        raise SettingsError("\n".join(lines)) from None
