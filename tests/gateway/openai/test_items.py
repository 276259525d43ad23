"""Items of requests as messages of a site, and as they are given back."""

from typing import Any

import msgspec
import pytest

from chatdoor.gateway.openai.conversations import ListQuery, page
from chatdoor.gateway.openai.items import InputText, Item, OutputText, answer_id, read_items, response_id, told
from chatdoor.gateway.problem import Problem

ANSWER = Item("msg_1", "assistant", [OutputText("Yes.")])


def test_one_text_is_the_users() -> None:
    """A text alone is a message of the user."""
    (item,), left = read_items("Hello", {})
    assert (item.role, item.content, left) == ("user", [InputText("Hello")], [])
    assert item.id.startswith("msg_")


def test_each_role_has_its_kind_of_text() -> None:
    """What the site said is output, all else is input; the kind that the client wrote does not count."""
    given: list[dict[str, Any]] = [
        {"role": role, "content": [{"type": "text", "text": "a"}, "b"]}
        for role in ("user", "assistant", "system", "developer")
    ]
    items, left = read_items(given, {})
    assert [type(item.content[0]) for item in items] == [InputText, OutputText, InputText, InputText]
    assert ({item.text for item in items}, left) == ({"ab"}, [])


def test_instructions_come_first() -> None:
    """A site is told the instructions before all messages, and nothing where there are none."""
    items, _ = read_items("Hello", {})
    hello = {"role": "user", "content": "Hello"}
    assert told(items, "Be brief.") == [{"role": "system", "content": "Be brief."}, hello]
    assert told(items, None) == told(items, "") == [hello]


@pytest.mark.parametrize(
    "given", [{"type": "item_reference", "id": "msg_1"}, {"id": "msg_1"}, {"id": "msg_1", "type": None}]
)
def test_a_reference_is_the_item_itself(given: dict[str, Any]) -> None:
    """An item that is named by its id alone is the one that was given."""
    assert read_items([given], {"msg_1": ANSWER}) == ([ANSWER], [])


@pytest.mark.parametrize(
    ("item_id", "told"),
    [("msg_2", (404, "input[0]")), *((none, (400, "input[0].id")) for none in (5, None, ["msg_1"]))],
    ids=str,
)
def test_a_reference_to_nothing(item_id: object, told: tuple[int, str]) -> None:
    """An id that nothing has is a 404; what is no id at all is a 400 that names it."""
    with pytest.raises(Problem) as missing:
        read_items([{"type": "item_reference", "id": item_id}], {"msg_1": ANSWER})
    assert (missing.value.status, missing.value.param) == told


@pytest.mark.parametrize("kind", ["a\r\nb", "", "x" * 65, 5, ["a"], "ä"], ids=str)
def test_a_kind_that_is_no_word(kind: object) -> None:
    """What is told back in a header is a word, or the request is refused."""
    with pytest.raises(Problem):
        read_items([{"type": kind}], {})


def test_an_answer_and_its_response_find_each_other() -> None:
    """The digits of both ids are the same."""
    assert answer_id("resp_ab") == "msg_ab"
    assert response_id("msg_ab") == "resp_ab"


ITEMS = [Item(f"msg_{number}", "user", [InputText("a")]) for number in range(5)]


@pytest.mark.parametrize(
    ("query", "ids", "more"),
    [({}, "43210", False), ({"order": "asc"}, "01234", False), ({"limit": 2}, "43", True),
     ({"after": "msg_3", "limit": 2}, "21", True), ({"after": "msg_1", "order": "asc", "limit": 3}, "234", False),
     ({"after": "msg_0"}, "", False)],
)  # fmt: skip
def test_a_page_of_items(query: dict[str, Any], ids: str, more: bool) -> None:
    """Order, start and length are as asked for; a page tells whether there is another."""
    given = msgspec.json.decode(page(ITEMS, ListQuery(**query)))
    assert [item["id"] for item in given["data"]] == [f"msg_{number}" for number in ids]
    ends = (f"msg_{ids[0]}", f"msg_{ids[-1]}") if ids else ("", "")
    assert (given["object"], given["has_more"], (given["first_id"], given["last_id"])) == ("list", more, ends)
