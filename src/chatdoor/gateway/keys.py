"""API keys: who may ask which sites, and how often. Of a key only its digest is kept."""

import hmac
import re
from hashlib import sha256
from typing import Final

import msgspec

from chatdoor.errors import ArgumentError
from chatdoor.gateway.quota import Quota

MOST_BYTES: Final = 512
"""The longest key that is looked at. Ours and OpenAI's have less than 200."""

HASH: Final = "sha256:"
"""What stands before the digest, in hexadecimal digits, of a key that is not told."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_VISIBLE: Final = re.compile(r"[!-~]+")


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key: its digest, the sites that it may ask (None: all), how often, and what people call it.

    `scope` is whose conversations they are: a beginning of the digest.
    """

    digest: bytes
    sites: frozenset[str] | None = None
    quota: Quota | None = None
    name: str = ""

    @property
    def shown(self) -> str:
        """What logs call it: its name, or the beginning of its digest."""
        return self.name or self.digest.hex()[:8]

    @property
    def scope(self) -> str:
        """Whose conversations they are."""
        return self.digest.hex()[:32]

    def may_ask(self, site: str) -> bool:
        """True where the key is good for the site."""
        return self.sites is None or site in self.sites


class Keys:
    """All keys. With none, everybody may ask."""

    def __init__(self, keys: tuple[Key, ...] = ()) -> None:
        self._keys = keys

    def __bool__(self) -> bool:
        """True where a key is needed."""
        return bool(self._keys)

    def going_on(self, before: "Keys") -> "Keys":
        """These keys; those that were there before, with the same limits, have asked as often as they had then."""
        counted = {(key.digest, key.quota.limits): key.quota for key in before._keys if key.quota}
        return Keys(
            tuple(
                msgspec.structs.replace(key, quota=counted.get((key.digest, key.quota.limits), key.quota))
                if key.quota
                else key
                for key in self._keys
            )
        )

    def find(self, authorization: bytes) -> Key | None:
        """The key of an Authorization header, None where it is not one of ours.

        All are compared, each in constant time, so that the time it takes tells nothing of them.
        """
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not token or len(token) > MOST_BYTES:
            return None
        digest = sha256(token.strip()).digest()
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found


def digest_of(text: str, said_by: str) -> bytes:
    """The digest of a key, or the one that `sha256:...` names. Raises ArgumentError, which never shows the key."""
    if text.startswith(HASH):
        digits = text.removeprefix(HASH).lower()
        if not _DIGEST.fullmatch(digits):
            raise ArgumentError(f"{said_by}: expected 64 hexadecimal digits after {HASH}")
        return bytes.fromhex(digits)
    if not _VISIBLE.fullmatch(text) or len(text) > MOST_BYTES:
        raise ArgumentError(f"{said_by}: a key is up to {MOST_BYTES} visible ASCII characters, without space")
    return sha256(text.encode()).digest()
