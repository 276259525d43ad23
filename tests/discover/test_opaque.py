"""What looks made by a machine."""

import base64
import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdoor.discover.opaque import is_marked, opaque_runs, shape_of


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("68cd3370-c16b-4505-aa7e-41d72b74d5d4", "uuid"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "jwt"),
        ("1da67ea631bf07ce2b30809bec5017378ca5602a", "hex"),
        ("mlibUvnl4XbRRpYv9h8yfccGjZovGL3K", "token"),
        ("conv_43601e5cb1b4270f", "token"),
        ("ImM1ZDAwZmVl.awLiDg.I-A3lpRCofnTGHI3t", "token"),
        *((word, None) for word in ("Hello there, how are you today?", "getElementsByTagName1", "gpt-3.5-turbo-0125")),
        *((word, None) for word in ("2026-11-22T12:33:21.251Z", "application/vnd.api+json", "authenticity_token")),
        *((word, None) for word in ("/api/v1/chat/completions", "https://bot.example.org/chat1/2", "1795348800250")),
        *((word, None) for word in ("claude-sonnet-4-20250514", "aB3", "0" * 20_000, "deadbeefdeadbeef")),
    ],
)
def test_random_values_are_told_from_words(value: str, shape: str | None) -> None:
    """Ids and tokens have a shape; words, names, dates, versions, types and paths have none."""
    assert shape_of(value) == shape


@given(st.integers(0, 2**256))
def test_random_tokens_are_seen(number: int) -> None:
    """A uuid and 32 random bytes in hex always."""
    assert shape_of(str(uuid.UUID(int=number % 2**128))) == "uuid"
    assert shape_of(f"a1{number:064x}") == "hex"


def test_nearly_all_tokens_of_a_common_library_are_seen() -> None:
    """Of 22 letters, as `secrets.token_urlsafe(16)` makes them, at most three in a hundred look like words."""
    bits = random.Random(7)
    made = [base64.urlsafe_b64encode(bits.randbytes(16)).decode().rstrip("=") for _ in range(1000)]
    assert sum(shape_of(each) is None for each in made) <= 30


def test_runs_are_found_between_words_and_in_urls() -> None:
    """Each by itself."""
    token, number = "mlibUvnl4XbRRpYv9h8yfccGjZovGL3K", "68cd3370-c16b-4505-aa7e-41d72b74d5d4"
    text = f'Your key is "{token}", see https://a.example.org/talk/{number}/title.'
    assert set(opaque_runs(text)) == {token, number}
    assert list(opaque_runs(f"/a;jsessionid={token}?x")) == [token]


@pytest.mark.parametrize("value", ["a1b2c3d4", "12345678", "aBcDeFgH", "x" * 20])
def test_a_value_whose_name_says_so_may_be_a_secret(value: str) -> None:
    """Short ones too."""
    assert is_marked(value)


@pytest.mark.parametrize("value", ["Hello", "required", "two words and 1", "ab1", "text/html", " token", "/login/1a2b"])
def test_a_word_is_no_secret_whatever_its_name(value: str) -> None:
    """`{"token": "Hello"}` is a piece of a reply."""
    assert not is_marked(value)
