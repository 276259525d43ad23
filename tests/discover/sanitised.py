"""A recording as browsers export it by default: without `Cookie`, `Set-Cookie` and `Authorization`."""

import json
from typing import Any

HIDDEN = {"cookie", "set-cookie", "authorization"}
"""What Chrome and Edge call sensitive data."""


def sanitised(data: bytes) -> bytes:
    """The same recording without what is hidden."""
    log = json.loads(data)["log"]
    for entry in log["entries"]:
        for half in (entry["request"], entry["response"]):
            half["headers"] = [pair for pair in half["headers"] if pair["name"].lower() not in HIDDEN]
            half["cookies"] = list[Any]()
    return json.dumps({"log": log}).encode()


def without_pages(data: bytes, typed: str, kind: str = "html") -> bytes:
    """The same recording without the pages that were opened before the first prompt, in which `typed` is a word.

    Recorders lose them after a navigation, and with `kind` empty all other answers too.
    """
    log = json.loads(data)["log"]
    for entry in log["entries"]:
        if typed in entry["request"]["url"] + entry["request"].get("postData", {}).get("text", ""):
            break
        if kind in entry["response"]["content"]["mimeType"]:
            entry["response"]["content"].pop("text", None)
    return json.dumps({"log": log}).encode()
