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
            asked, door = request.state.asked, f"{server.path}/admin/api{self.path_format}"
            seen = visit.of(request.scope)
            seen.door, seen.request_id = self.path_format, asked.request_id
            try:
                return await handle(request)
            except RequestValidationError as error:
                refused.tell(server, asked, problems.unreadable(error), server.clock(), door=door)
                return problems.invalid(error)
            except Refusal as error:
                refused.tell(server, asked, error, server.clock(), door=door)
                seen.error = getattr(error, "code", "")
                return problems.refused(error)
            except Unavailable:
                busy = Overloaded("the database does not answer", check="store")
                refused.tell(server, asked, busy, server.clock(), door=door)
                return problems.refused(busy)
            except Exception as error:  # noqa: BLE001  # a fault of ours: its trace goes to the log, never on the wire
                logs.failed(server.journal.log, asked)
                refused.fault(server, asked, error, server.clock(), door=door)
                return problems.failed(asked.request_id)

        return answer
