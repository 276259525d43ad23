"""The page, the chat views, and the four views that only tests use."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from typing import Any

from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from .ledger import LEDGER

VISITOR_COOKIE = "visitor"
PIECE_SECONDS = 0.02


class _BadRequest(Exception):
    """The chat request cannot be answered; the text says why."""


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The chat page. Its template sets the CSRF cookie; the visitor cookie is signed by the site."""
    LEDGER.seen.pages += 1
    response = render(request, "chat.html")
    response.set_signed_cookie(VISITOR_COOKIE, secrets.token_hex(8), httponly=True, samesite="Lax")
    return response


@require_POST
def generate_response(request: HttpRequest) -> HttpResponse:
    """The whole reply as JSON, ``{"response": text}``; 400 with ``{"error": reason}``."""
    try:
        return JsonResponse({"response": _reply(request)})
    except _BadRequest as error:
        return JsonResponse({"error": str(error)}, status=400)


@require_POST
async def stream(request: HttpRequest) -> HttpResponseBase:
    """The same reply as server-sent events, ``{"delta": text}`` each, closed by ``[DONE]``."""
    try:
        text = _reply(request)
    except _BadRequest as error:
        return JsonResponse({"error": str(error)}, status=400)
    return StreamingHttpResponse(_events(text), content_type="text/event-stream")


@require_GET
def stats(_request: HttpRequest) -> HttpResponse:
    """What was seen since the last reset."""
    return JsonResponse(asdict(LEDGER.seen), json_dumps_params={"default": list})


@csrf_exempt
@require_POST
def reset_stats(_request: HttpRequest) -> HttpResponse:
    """Forget what was seen."""
    LEDGER.reset()
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def expire(_request: HttpRequest) -> HttpResponse:
    """Make every token given out so far a bad one."""
    LEDGER.expire()
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def rotate(request: HttpRequest) -> HttpResponse:
    """Rotate the token in each good chat answer from now on; ``{"on": false}`` ends that."""
    LEDGER.rotating = json.loads(request.body)["on"]
    return HttpResponse(status=204)


def _reply(request: HttpRequest) -> str:
    messages = _messages(request)
    LEDGER.seen.accepted += 1
    LEDGER.seen.messages.append(messages)
    if LEDGER.rotating:
        rotate_token(request)
    asked = [message["content"] for message in messages if message["role"] == "user"]
    return f"You said: {asked[-1] if asked else ''} ({len(messages)} messages)"


def _messages(request: HttpRequest) -> list[dict[str, Any]]:
    try:
        request.get_signed_cookie(VISITOR_COOKIE)
    except (KeyError, BadSignature):
        raise _BadRequest(f"the cookie '{VISITOR_COOKIE}' is missing or not ours") from None
    try:
        messages: list[dict[str, Any]] = json.loads(request.body)["messages"]
        [(message["role"], message["content"]) for message in messages]
    except (ValueError, KeyError, TypeError):
        raise _BadRequest("the body is not {'messages': [{'role': ..., 'content': ...}]}") from None
    return messages


async def _events(text: str) -> AsyncIterator[bytes]:
    for piece in _pieces(text):
        yield f"data: {json.dumps({'delta': piece})}\n\n".encode()
        await asyncio.sleep(PIECE_SECONDS)
    yield b"data: [DONE]\n\n"


def _pieces(text: str) -> Iterator[str]:
    for number, word in enumerate(text.split(" ")):
        yield f" {word}" if number else word
