"""A site file over its presets."""

import pytest

from chatdoor.site.merge import merge


@pytest.mark.parametrize(
    ("below", "above", "merged"),
    [
        ({}, {"name": "a"}, {"name": "a"}),
        ({"models": ["a"]}, {"models": ["b"]}, {"models": ["b"]}),
        ({"refused": {"status": 403}}, {"refused": {"text": "no"}}, {"refused": {"text": "no"}}),
        ({"refused": {"status": 403}}, {"name": "a"}, {"refused": {"status": 403}, "name": "a"}),
        (
            {"take": {"a": {"cookie": "a"}, "b": {"meta": "b"}}},
            {"take": {"a": {"header": "a"}}},
            {"take": {"a": {"header": "a"}, "b": {"meta": "b"}}},
        ),
        ({"take": {"A": 1}}, {"take": {"a": 2}}, {"take": {"A": 1, "a": 2}}),
        ({}, {"take": {"a": 1}}, {"take": {"a": 1}}),
        ({"chat": [{"get": "/b"}]}, {"chat": {"post": "/a"}}, {"chat": {"post": "/a"}}),
        ({"session": {"get": "/"}}, {"session": {"post": "/in"}}, {"session": {"post": "/in"}}),
        ({"session": [{"get": "/"}]}, {"session": {"get": "/b"}}, {"session": {"get": "/b"}}),
        (
            {"chat": {"post": "/a", "json": {"x": 1}, "query": {"q": 1}}},
            {"chat": {"put": "/b", "form": {"y": 2}}},
            {"chat": {"put": "/b", "form": {"y": 2}, "query": {"q": 1}}},
        ),
        ({"chat": {"post": "/a", "json": 1}}, {"chat": {"headers": {"A": "b"}}},
         {"chat": {"post": "/a", "json": 1, "headers": {"A": "b"}}}),
        ({"chat": {"post": "/a"}}, {"chat": [{"get": "/b"}]}, {"chat": [{"get": "/b"}]}),
        ({"reply": {"json": "a", "finish": "f"}}, {"reply": {"sse": "b"}}, {"reply": {"sse": "b", "finish": "f"}}),
        ({"headers": {"X-CSRFToken": "{a}", "B": "b"}}, {"headers": {"x-csrftoken": "{c}"}},
         {"headers": {"x-csrftoken": "{c}", "B": "b"}}),
        ({"limits": {"timeout": "1s"}}, {"limits": 5}, {"limits": 5}),
    ],
)  # fmt: skip
def test_the_file_wins_key_by_key_and_below_that_whole(
    below: dict[str, object], above: dict[str, object], merged: dict[str, object]
) -> None:
    """Top-level tables are merged; what is in them is replaced; of keys of which there is one, the file's counts."""
    assert merge(below, above) == merged


def test_merging_changes_neither() -> None:
    """A preset is read once and merged often."""
    below, above = {"take": {"a": 1}}, {"take": {"b": 2}}
    merge(below, above)
    assert (below, above) == ({"take": {"a": 1}}, {"take": {"b": 2}})
