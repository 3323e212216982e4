"""How each operation answers: in JSON, and whatever goes wrong as a problem document."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from mintmark import logs, refused
from mintmark.admin import problems
from mintmark.protocol.errors import Overloaded, Refusal
from mintmark.server import Server
from mintmark.store.changes import Unavailable
from mintmark.wire import visit


class Door(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:  # Any: FastAPI's own signature
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            server: Server = request.app.state.server
            seen = visit.of(request.scope)
            seen.door, seen.request_id = self.path_format, request.state.asked.request_id
            try:
                return await handle(request)
            except RequestValidationError as error:
                return problems.invalid(error)
            except Refusal as error:
                refused.tell(server, request.state.asked, error, server.clock())
                seen.error = getattr(error, "code", "")
                return problems.refused(error)
            except Unavailable:
                return problems.refused(Overloaded("the database does not answer", check="store"))
            except Exception:  # noqa: BLE001  # a fault of ours: its trace goes to the log, never on the wire
                logs.failed(server.journal.log, request.state.asked)
                return problems.failed(request.state.asked.request_id)

        return answer
