"""The gateway as an ASGI application (ASGI specification 3.0, HTTP 2.3): every request goes through here."""

import asyncio
import logging
from traceback import extract_tb

from chatdoor.errors import ChatdoorError
from chatdoor.gateway.body import Gone
from chatdoor.gateway.exchange import Exchange, Receive, Scope, Send
from chatdoor.gateway.openai.errors import BUG, BUSY, problem_of
from chatdoor.gateway.problem import Problem
from chatdoor.gateway.routes import allow, find_methods, find_route
from chatdoor.gateway.state import RUNNING_MOST, State

logger = logging.getLogger("chatdoor.gateway")


class Gateway:
    """The ASGI application of one gateway."""

    def __init__(self, state: State) -> None:
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request. Ends without a word where the client has left."""
        exchange = Exchange(scope, receive, send)
        self.state.running += 1
        try:
            await self._answer(exchange)
        except Gone:
            pass
        except Problem as problem:
            await exchange.fail(problem)
        except ChatdoorError as error:
            await exchange.fail(problem_of(error))
        except asyncio.CancelledError:
            if not exchange.gone:
                raise
        except Exception as error:  # noqa: BLE001 - a bug of ours must not end the gateway
            logger.error("%s at %s, %s", type(error).__name__, *_place(error))  # noqa: TRY400 - a trace may show texts
            await exchange.fail(BUG)
        finally:
            self.state.running -= 1
            self.state.ended(exchange)

    async def _answer(self, exchange: Exchange) -> None:
        state, guard = self.state, self.state.guard
        if state.running > RUNNING_MOST or state.closing:
            await exchange.fail(BUSY)
            return
        guard.check_source(exchange)
        methods = find_methods(exchange)
        if exchange.method == "OPTIONS":
            await guard.answer_preflight(exchange, allow(methods))
            return
        route = find_route(exchange, methods)
        if not route.open:
            guard.check_key(exchange)
        if route.prompts:
            guard.check_prompt(exchange)
        await route.endpoint(state, exchange)


def _place(error: Exception) -> tuple[str, int]:
    """File and line. The error's text and the rest of the trace could hold what was said."""
    *_, frame = extract_tb(error.__traceback__)
    return frame.filename, frame.lineno or 0
