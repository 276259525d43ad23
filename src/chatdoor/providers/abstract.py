"""The provider interface: one chat service, three ways to call it.

A subclass writes one of `create_completion`, `create_async` and `create_async_generator`; the others follow.
The faces that follow give the same text, the same errors and the same order.
"""

from collections.abc import AsyncGenerator
from typing import ClassVar, Final

from chatdoor.errors import ArgumentError
from chatdoor.messages import CreateResult, Messages, parse_messages
from chatdoor.providers import faces

FACES: Final = ("create_completion", "create_async", "create_async_generator")


class AbstractProvider:
    """One chat service. The attributes say what it can do; they are advice to callers, and nothing reads them here."""

    url: ClassVar[str] = ""
    """Where the service is."""
    working: ClassVar[bool] = True
    """Advisory: what was last known of the public service. It says nothing of one's own deployment."""
    needs_auth: ClassVar[bool] = False
    supports_stream: ClassVar[bool] = False
    supports_message_history: ClassVar[bool] = False
    supports_system_message: ClassVar[bool] = False
    supports_gpt_35_turbo: ClassVar[bool] = False
    supports_gpt_4: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Lets the faces that the subclass does not write follow from those that it writes, not from its parent's."""
        super().__init_subclass__(**kwargs)
        if any(face in cls.__dict__ for face in FACES):
            for face in FACES:
                if face not in cls.__dict__:
                    setattr(cls, face, AbstractProvider.__dict__[face])

    @classmethod
    def create_completion(
        cls,
        model: str | None,
        messages: Messages,
        stream: bool,
        proxy: str | None = None,
        access_token: str | None = None,
        **kwargs: object,
    ) -> CreateResult:
        """A generator of the reply's pieces. Arguments are checked now, nothing is sent before the first `next()`.

        Without `stream`, there is one piece, the whole reply. Raises ChatdoorError, which is a RuntimeError;
        for wrong arguments ArgumentError, which is a ValueError too.
        """
        parse_messages(messages)
        check_stream(stream)
        if cls._written() == "create_async":
            pieces = faces.blocking_of_text(lambda: cls.create_async(model, messages, proxy, access_token, **kwargs))
        else:
            pieces = faces.blocking_of_pieces(
                lambda: cls.create_async_generator(model, messages, stream, proxy, access_token, **kwargs)
            )
        return cls._named(pieces)

    @classmethod
    async def create_async(
        cls,
        model: str | None,
        messages: Messages,
        proxy: str | None = None,
        access_token: str | None = None,
        **kwargs: object,
    ) -> str:
        """The whole reply. Raises what `create_completion` raises."""
        parts = [
            piece async for piece in cls.create_async_generator(model, messages, False, proxy, access_token, **kwargs)
        ]
        return "".join(parts)

    @classmethod
    def create_async_generator(
        cls,
        model: str | None,
        messages: Messages,
        stream: bool = True,
        proxy: str | None = None,
        access_token: str | None = None,
        **kwargs: object,
    ) -> AsyncGenerator[str, None]:
        """The reply's pieces, for `async for`. Raises what `create_completion` raises."""
        parse_messages(messages)
        check_stream(stream)
        if cls._written() == "create_async":
            return faces.async_of_text(lambda: cls.create_async(model, messages, proxy, access_token, **kwargs))
        return faces.async_of_pieces(
            lambda: cls.create_completion(model, messages, stream, proxy, access_token, **kwargs)
        )

    @classmethod
    def _written(cls) -> str:
        """The face that the nearest class writes itself."""
        followed = AbstractProvider.__dict__
        for owner in cls.__mro__:
            if owner is AbstractProvider:
                break
            for face in FACES:
                if owner.__dict__.get(face, followed[face]) is not followed[face]:
                    return face
        raise ArgumentError(f"{cls.__name__} writes none of {', '.join(FACES)}")

    @classmethod
    def _named(cls, pieces: CreateResult) -> CreateResult:
        """The generator, named after the call that made it, which is what tracebacks and debuggers show."""
        pieces.__name__ = "create_completion"  # type: ignore[attr-defined]  # typing's Generator does not know it
        pieces.__qualname__ = f"{cls.__qualname__}.create_completion"  # type: ignore[attr-defined]
        return pieces


def check_stream(stream: object) -> None:
    """Raises ArgumentError for what is neither true nor false: `"no"` would be taken for yes."""
    if not isinstance(stream, bool):
        raise ArgumentError(f"stream: expected true or false, got {stream!r}")
