"""The provider interface: write one face, have all three."""

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncGenerator, Callable
from typing import ClassVar

import pytest

from chatdoor import AbstractProvider, CreateResult, Messages
from chatdoor.errors import ArgumentError, ChatdoorError, SiteFailed
from tests.servers.waiting import wait_until

HELLO: Messages = [{"role": "user", "content": "Hello"}]


class Blocking(AbstractProvider):
    """Writes `create_completion`."""

    log: ClassVar[list[str]] = []

    @classmethod
    def create_completion(  # type: ignore[override]  # a provider may take what it needs
        cls, model: str | None, messages: Messages, stream: bool, *_: object, **kwargs: object
    ) -> CreateResult:
        """Three pieces, then an error where one is asked for."""
        try:
            for piece in ("one ", "two ", f"{model} {stream}"):
                cls.log.append(piece)
                yield piece
            if kwargs.get("fail"):
                raise SiteFailed("after three pieces")
        finally:
            cls.log.append("closed")


class Whole(AbstractProvider):
    """Writes `create_async`."""

    @classmethod
    async def create_async(cls, model: str | None, messages: Messages, *_: object, **kwargs: object) -> str:
        """One text, after a moment."""
        await asyncio.sleep(0.01)
        if kwargs.get("fail"):
            raise SiteFailed("instead of a text")
        return f"one two {model}"


class Pieces(AbstractProvider):
    """Writes `create_async_generator`."""

    closed: ClassVar[list[bool]] = []

    @classmethod
    async def create_async_generator(  # type: ignore[override]  # an async generator function
        cls, model: str | None, messages: Messages, stream: bool = True, *_: object, **kwargs: object
    ) -> AsyncGenerator[str, None]:
        """Three pieces, then an error where one is asked for."""
        try:
            for piece in ("one ", "two ", str(model)):
                await asyncio.sleep(0.001)
                yield piece
            if kwargs.get("fail"):
                raise SiteFailed("after three pieces")
            if kwargs.get("hang"):
                await asyncio.sleep(30)
        finally:
            cls.closed.append(True)


def _blocking(provider: type[AbstractProvider], **options: object) -> list[str]:
    return list(provider.create_completion("m", HELLO, True, **options))  # type: ignore[arg-type]


def _async_text(provider: type[AbstractProvider], **options: object) -> list[str]:
    return [asyncio.run(provider.create_async("m", HELLO, **options))]  # type: ignore[arg-type]


def _async_pieces(provider: type[AbstractProvider], **options: object) -> list[str]:
    async def gather() -> list[str]:
        return [piece async for piece in provider.create_async_generator("m", HELLO, **options)]  # type: ignore[arg-type]

    return asyncio.run(gather())


def _inside_a_loop(provider: type[AbstractProvider], **options: object) -> list[str]:
    async def notebook() -> list[str]:
        return _blocking(provider, **options)

    return asyncio.run(notebook())


FACES = [_blocking, _async_text, _async_pieces, _inside_a_loop]
PROVIDERS = [Blocking, Whole, Pieces]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("provider", PROVIDERS)
class TestEveryFaceOfEveryProvider:
    """Three ways to write a provider, four ways to call it."""

    def test_the_text_is_the_same(self, provider: type[AbstractProvider], face: Callable[..., list[str]]) -> None:
        """Each face gives the whole text."""
        assert "".join(face(provider)).startswith("one two m")

    def test_the_error_is_the_same(self, provider: type[AbstractProvider], face: Callable[..., list[str]]) -> None:
        """Each face raises the provider's own error."""
        with pytest.raises(SiteFailed):
            face(provider, fail=True)


@pytest.mark.parametrize("provider", [Blocking, Pieces])
def test_the_order_of_pieces_and_error_is_the_same(provider: type[AbstractProvider]) -> None:
    """The error comes after the pieces before it, blocking and async."""
    blocking: list[str] = []
    with pytest.raises(SiteFailed):
        blocking.extend(provider.create_completion("m", HELLO, True, fail=True))
    tasks: list[str] = []

    async def gather() -> None:
        async for piece in provider.create_async_generator("m", HELLO, fail=True):
            tasks.append(piece)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(SiteFailed):
        asyncio.run(gather())
    assert len(blocking) == 3
    assert blocking == tasks


def test_pieces_come_one_at_a_time() -> None:
    """The next piece is worked on only when it is asked for."""
    Blocking.log.clear()

    async def first_two() -> None:
        pieces = Blocking.create_async_generator("m", HELLO)
        await anext(pieces)
        await anext(pieces)
        assert Blocking.log == ["one ", "two "]
        await pieces.aclose()

    asyncio.run(first_two())
    assert Blocking.log == ["one ", "two ", "closed"]


def test_a_blocking_caller_who_stops_early_closes_the_async_provider() -> None:
    """The async generator below is closed, and its thread ends."""
    Pieces.closed.clear()
    before = threading.active_count()
    pieces = Pieces.create_completion("m", HELLO, True)
    assert next(pieces) == "one "
    pieces.close()
    deadline = time.monotonic() + 5
    while (not Pieces.closed or threading.active_count() > before + 1) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert Pieces.closed == [True]


def test_an_async_caller_who_is_cancelled_closes_the_blocking_provider() -> None:
    """A cancelled wait leaves no generator open behind it."""

    class Slow(AbstractProvider):
        begun = threading.Event()
        closed: ClassVar[list[bool]] = []

        @classmethod
        def create_completion(cls, *_: object, **__: object) -> CreateResult:
            try:
                cls.begun.set()
                time.sleep(0.3)
                yield "late"
            finally:
                cls.closed.append(True)

    async def work() -> None:
        task = asyncio.create_task(Slow.create_async("m", HELLO))
        await asyncio.to_thread(Slow.begun.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(wait_until, lambda: Slow.closed)

    asyncio.run(work())
    assert Slow.closed == [True]


@pytest.mark.parametrize("provider", [Whole, Pieces])
@pytest.mark.parametrize("messages", ["Hello", [], [{"role": "user"}], None, [{"role": "nobody", "content": "x"}]])
def test_arguments_are_checked_at_the_call(provider: type[AbstractProvider], messages: object) -> None:
    """A wrong message list is an error before the generator is asked for anything."""
    with pytest.raises(ArgumentError, match="messages") as caught:
        provider.create_completion("m", messages, False)  # type: ignore[arg-type]
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, RuntimeError)


def test_the_result_is_a_generator_with_the_name_of_the_call() -> None:
    """Tracebacks and debuggers show who made it."""
    pieces = Whole.create_completion("m", HELLO, False)
    assert inspect.isgenerator(pieces)
    assert pieces.__qualname__ == "Whole.create_completion"
    pieces.close()


def test_a_provider_that_writes_nothing_says_so() -> None:
    """Without one of the three there is nothing to follow from."""

    class Empty(AbstractProvider):
        pass

    with pytest.raises(ChatdoorError, match="writes none of create_completion"):
        list(Empty.create_completion("m", HELLO, False))
    with pytest.raises(ChatdoorError, match="writes none of"):
        asyncio.run(Empty.create_async("m", HELLO))


def test_the_nearest_class_decides_which_face_is_written() -> None:
    """A subclass that writes another face than its parent is called by its own."""

    class Child(Blocking):
        @classmethod
        async def create_async(cls, model: str | None, messages: Messages, *_: object, **__: object) -> str:
            return "the child's"

    assert list(Child.create_completion("m", HELLO, False)) == ["the child's"]


def test_the_flags_are_conservative() -> None:
    """A provider that says nothing supports nothing."""
    flags = [name for name in vars(AbstractProvider) if name.startswith("supports_")]
    assert sorted(flags) == [
        "supports_gpt_35_turbo", "supports_gpt_4", "supports_message_history", "supports_stream",
        "supports_system_message",
    ]  # fmt: skip
    assert not any(getattr(AbstractProvider, flag) for flag in flags)
    assert (AbstractProvider.url, AbstractProvider.working, AbstractProvider.needs_auth) == ("", True, False)


def test_the_faces_take_the_same_arguments() -> None:
    """Blocking and async signatures are equal, but for `stream` where there is nothing to stream."""
    blocking = inspect.signature(AbstractProvider.create_completion).parameters
    pieces = inspect.signature(AbstractProvider.create_async_generator).parameters
    whole = inspect.signature(AbstractProvider.create_async).parameters
    assert list(blocking) == list(pieces) == ["model", "messages", "stream", "proxy", "access_token", "kwargs"]
    assert list(whole) == [name for name in blocking if name != "stream"]
