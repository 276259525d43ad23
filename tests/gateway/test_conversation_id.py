"""Which conversation a request names."""

from collections.abc import Mapping

import pytest

from chatdoor.gateway.conversation_id import NOTHING, Named, named
from chatdoor.gateway.problem import Problem

OURS = "0123456789abcdef0123456789abcdef"
HEADER = b"x-conversation-id"
WEBUI = b"x-openwebui-chat-id"
LITELLM = b"x-litellm-session-id"


@pytest.mark.parametrize(
    ("headers", "metadata", "session", "found"),
    [
        ({}, None, None, NOTHING),
        ({}, {}, None, NOTHING),
        ({HEADER: b""}, {"conversation_id": ""}, "", NOTHING),
        ({}, {"conversation_id": None}, 5, NOTHING),
        ({HEADER: OURS.encode()}, None, None, Named(id=OURS)),
        ({}, {"conversation_id": OURS}, None, Named(id=OURS)),
        ({HEADER: OURS.encode()}, {"conversation_id": "b"}, None, Named(id=OURS)),
        ({HEADER: b"3f2a-1"}, None, None, Named(chat="3f2a-1")),
        ({}, {"conversation_id": "b"}, None, Named(chat="b")),
        ({WEBUI: b"local:a-1"}, {"conversation_id": OURS}, None, Named(chat="local:a-1")),
        ({WEBUI: OURS.encode()}, None, None, Named(chat=OURS)),
        ({HEADER: b"a", WEBUI: b"b"}, None, None, Named(chat="a")),
        ({LITELLM: b"run-1"}, None, None, Named(chat="run-1")),
        ({}, {"session_id": "run-2"}, None, Named(chat="run-2")),
        ({}, {"litellm_session_id": "run-3"}, None, Named(chat="run-3")),
        ({}, None, "run-4", Named(chat="run-4")),
    ],
)
def test_who_names_a_conversation(
    headers: Mapping[bytes, bytes], metadata: Mapping[str, object] | None, session: object, found: Named
) -> None:
    """Ids of ours are known by their form; all other names are the client's own, and an empty one is none."""
    assert named(headers, metadata, session) == found


@pytest.mark.parametrize("given", ["a b", "a\r\nb", "ü", "x" * 129, 5, ["a"]])
def test_what_can_be_no_id_is_a_problem(given: object) -> None:
    """Where an id of ours may stand, it is never looked up, and never comes back in a header."""
    with pytest.raises(Problem) as problem:
        named({}, {"conversation_id": given})
    assert (problem.value.status, problem.value.param) == (400, "metadata.conversation_id")


@pytest.mark.parametrize("given", ["my chat / 5", "x" * 100_000, "\ud800"])
def test_a_name_of_the_clients_may_be_anything(given: str) -> None:
    """A front end's own name is only compared, so a strange one is kept by its digest."""
    chat = named({}, {"session_id": given}).chat
    assert chat is not None
    assert len(chat) == 64
    assert chat != named({}, {"session_id": given + "x"}).chat
