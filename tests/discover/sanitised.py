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


def without_pages(data: bytes) -> bytes:
    """The same recording without the pages that were opened, which recorders lose after a navigation."""
    log = json.loads(data)["log"]
    for entry in log["entries"]:
        content, request = entry["response"]["content"], entry["request"]
        if "html" in content["mimeType"] and request["method"] == "GET" and "prompt=" not in request["url"]:
            content.pop("text", None)
    return json.dumps({"log": log}).encode()
