"""API keys: found by their digest, never told."""

from hashlib import sha256

import pytest

from chatdoor.errors import ArgumentError
from chatdoor.gateway.keys import Keys, digest_of
from tests.gateway.door import key

KEYS = Keys((key("one"), key("two", sites=frozenset({"bot"}))))


@pytest.mark.parametrize("header", [b"Bearer one", b"bearer one", b"BEARER  one", b"Bearer one "])
def test_a_key_is_found(header: bytes) -> None:
    """The scheme's case and space around the key do not matter."""
    found = KEYS.find(header)
    assert found is not None
    assert found.digest == sha256(b"one").digest()


@pytest.mark.parametrize("header", [b"", b"Bearer", b"Bearer ", b"one", b"Basic one", b"Bearer One", b"Bearer one two"])
def test_no_other_is_found(header: bytes) -> None:
    """Nothing but a key of ours opens."""
    assert KEYS.find(header) is None


def test_a_key_says_which_sites() -> None:
    """A key without sites may ask all; two keys have two scopes."""
    one, two = KEYS.find(b"Bearer one"), KEYS.find(b"Bearer two")
    assert one is not None
    assert two is not None
    assert [one.may_ask("bot"), one.may_ask("other"), two.may_ask("bot"), two.may_ask("other")] == [
        True,
        True,
        True,
        False,
    ]
    assert one.scope != two.scope


def test_a_digest_stands_for_its_key() -> None:
    """`sha256:` and the digest is as good as the key itself, in either case."""
    digest = sha256(b"one").hexdigest()
    assert digest_of("one", "here") == digest_of(f"sha256:{digest.upper()}", "here") == bytes.fromhex(digest)


@pytest.mark.parametrize("text", ["", "two words", "sha256:abc", "ü", "x" * 513, "a\nb"])
def test_what_can_be_no_key_is_an_error_that_does_not_show_it(text: str) -> None:
    """The error names the place alone."""
    with pytest.raises(ArgumentError) as error:
        digest_of(text, "here")
    assert str(error.value).startswith("here: ")
    assert len(text) < 3 or text not in str(error.value)
