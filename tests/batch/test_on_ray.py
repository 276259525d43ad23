"""How a cluster is reached, with a Ray that is none: the real one is met in `tests/cluster`."""

import socket
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from chatdoor.batch.on_ray import CONNECT_TRIES, _connected
from chatdoor.errors import BatchStopped

FAILED = "Initialization failure from server:\nTraceback ...\nRuntimeError: Starting Ray client server failed. See x"


class Ray(ModuleType):
    """A Ray whose client server fails so many times."""

    def __init__(self, failures: int) -> None:
        super().__init__("ray")
        self.failures = failures
        self.heard: list[str] = []

    def init(self, _address: str, **_options: object) -> None:
        self.heard.append("init")
        if self.failures:
            self.failures -= 1
            raise ConnectionAbortedError(FAILED)

    def shutdown(self) -> None:
        self.heard.append("shutdown")


@pytest.fixture
def address() -> Iterator[str]:
    """Where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"ray://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def ray(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ray:
    """A Ray that fails so many times, in the place of the real one."""
    ray, exceptions = Ray(request.param), ModuleType("ray.exceptions")
    kind: Any = type("RayError", (Exception,), {})
    vars(exceptions)["RayError"] = kind
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setitem(sys.modules, "ray.exceptions", exceptions)
    return ray


@pytest.mark.parametrize("ray", [CONNECT_TRIES - 1], indirect=True)
def test_a_client_server_that_fails_to_start_is_asked_again(ray: Ray, address: str) -> None:
    """Each time from nothing; it fails by chance."""
    assert _connected(address) is ray
    assert ray.heard == ["init", "shutdown"] * (CONNECT_TRIES - 1) + ["init"]


@pytest.mark.parametrize("ray", [CONNECT_TRIES], indirect=True)
def test_a_client_server_that_never_starts_is_told(ray: Ray, address: str) -> None:
    """In one line, without its traceback."""
    with pytest.raises(BatchStopped, match=r"can not be used: RuntimeError: Starting Ray client server failed") as told:
        _connected(address)
    assert "\n" not in str(told.value)
    assert ray.heard == ["init", "shutdown"] * CONNECT_TRIES
