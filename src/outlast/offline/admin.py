"""What the server serves besides answers: models, health, the ledger, the faults, and errors in OpenAI's shape."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web
from pydantic import ValidationError

from outlast.errors import StateError
from outlast.offline.answer import NOTICE, NOTICE_HEADER, model_card
from outlast.offline.config import OfflineConfig
from outlast.offline.faults import FaultConfig
from outlast.offline.injector import FaultInjector
from outlast.offline.recorder import Recorder
from outlast.offline.refused import WireError
from outlast.offline.strike import REQUEST_ID, error_response
from outlast.offline.turn import Character
from outlast.offline.wire import find_model

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

_log = logging.getLogger(__name__)

PAGE = 10_000
"""Rows that `GET /ledger` sends at a time unless asked for fewer."""


@dataclass(frozen=True, slots=True)
class Admin:
    """The pages for operators and checkers."""

    config: OfflineConfig
    recorder: Recorder
    injector: FaultInjector

    async def health(self, http: web.Request) -> web.Response:
        """Alive, and whether the ledger takes rows: 200 all the same, as a restart would not empty a disk."""
        return web.json_response({"status": "ok", "model": NOTICE, "ledger": self.recorder.problem or "ok"})

    async def ledger(self, http: web.Request) -> web.Response:
        """Rows, by `job`; `next` is what `after` must be for the page that follows, null on the last."""
        after, limit = _number(http, "after", 0), _number(http, "limit", PAGE)
        try:
            rows = await self.recorder.rows(http.query.get("job"), after=after, limit=limit)
        except StateError as error:
            return error_response(WireError(503, str(error), code="ledger_unreadable"))
        more = rows[-1].seq if rows and len(rows) == limit else None
        return web.json_response({"rows": [row.as_json() for row in rows], "next": more})

    async def get_faults(self, http: web.Request) -> web.Response:
        """The faults in force, aimed ones with the count that is left."""
        return web.json_response(self.injector.remaining().model_dump(mode="json"))

    async def put_faults(self, http: web.Request) -> web.Response:
        """Other faults from the next request on; `{}` ends them all."""
        if not self.config.fault_control:
            text = "Faults can't be changed while this server runs: start it with fault control on."
            return error_response(WireError(403, text, code="fault_control_off"))
        try:
            self.injector.replace(FaultConfig.model_validate_json(await http.read()))
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(str(part) for part in problem['loc']) or 'faults'}: {problem['msg']}"
                for problem in error.errors(include_url=False)
            )
            return error_response(WireError(400, f"These are no faults: {problems}.", code="invalid_value"))
        return await self.get_faults(http)


async def list_models(http: web.Request) -> web.Response:
    """`GET /v1/models`."""
    return web.json_response({"object": "list", "data": [model_card(name) for name in Character]})


async def show_model(http: web.Request) -> web.Response:
    """`GET /v1/models/{id}`."""
    return web.json_response(model_card(find_model(http.match_info["id"])))


@web.middleware
async def as_openai(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error has OpenAI's shape, and none shows a traceback."""
    try:
        return await handler(request)
    except WireError as error:
        return error_response(error)
    except web.HTTPException as error:
        text = f"{request.method} {request.path}: {error.reason}."
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return error_response(WireError(error.status, text), headers)
    except web.RequestPayloadError as error:
        text = f"The body can't be read: {' '.join(str(error).split())}."
        return error_response(WireError(400, text, code="invalid_body"))
    except ConnectionError:
        raise  # the client is gone: there is nobody to answer
    except Exception as error:  # noqa: BLE001 - the last place before aiohttp's own page
        _log.exception("%s %s failed", request.method, request.path)
        text = f"{request.method} {request.path} failed ({type(error).__name__}); the server's log has more."
        return error_response(WireError(500, text))


async def name_itself(http: web.Request, response: web.StreamResponse) -> None:
    """Every response says that no language model wrote it, and by which row the ledger knows it."""
    response.headers[NOTICE_HEADER] = NOTICE
    if request_id := http.get(REQUEST_ID):
        response.headers["x-request-id"] = request_id


def _number(http: web.Request, name: str, default: int) -> int:
    text = http.query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()) or len(text) > 15:
        raise WireError(400, f"`{name}` is {text!r}, expected a whole number from 0 up.", param=name)
    return int(text)
