"""What tests ask a gateway in a process of its own with."""

import contextlib
import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import urlsplit

from chatdoor.practice import Practice, site_text
from tests.cli.program import Program

SECONDS = 20.0


def words(count: int) -> str:
    """A prompt whose reply has so many words."""
    return "say exactly: " + " ".join(f"w{number}" for number in range(count))


@dataclass(frozen=True)
class Remote:
    """A gateway that runs elsewhere."""

    process: "Popen[bytes]"
    host: str
    headers: Mapping[str, str]

    def send(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers with names in small letters, and body of an answer."""
        with contextlib.closing(http.client.HTTPConnection(self.host, timeout=SECONDS)) as connection:
            told = {"Content-Type": "application/json", **self.headers, **headers}
            connection.request(method, path, None if body is None else json.dumps(body), told)
            answer = connection.getresponse()
            return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()

    def chat(
        self, prompt: str = "Hello", *, model: str = "practice", **headers: str
    ) -> tuple[int, Mapping[str, str], Any]:
        """A chat completion; its body as JSON."""
        asked = {"model": model, "messages": [{"role": "user", "content": prompt}]}
        status, found, body = self.send("POST", "/v1/chat/completions", asked, **headers)
        return status, found, json.loads(body)

    @contextlib.contextmanager
    def streaming(self, prompt: str, model: str = "practice") -> "Iterator[http.client.HTTPResponse]":
        """A stream whose first frame was read."""
        asked = {"model": model, "messages": [{"role": "user", "content": prompt}], "stream": True}
        with contextlib.closing(http.client.HTTPConnection(self.host, timeout=SECONDS)) as connection:
            told = {"Content-Type": "application/json", **self.headers}
            connection.request("POST", "/v1/chat/completions", json.dumps(asked), told)
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.readline().startswith(b"data: {")
            yield answer

    def models(self) -> list[str]:
        """The names of all models."""
        _, _, body = self.send("GET", "/v1/models")
        return [model["id"] for model in json.loads(body)["data"]]


@contextlib.contextmanager
def running(
    program: Program, *options: str | Path, key: str = "", env: Mapping[str, str] | None = None
) -> Iterator[Remote]:
    """A gateway on a free port."""
    with program.started("serve", "--port", "0", *options, env=env) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert "http" in line, process.communicate()
        url = next(word for word in line.split() if word.startswith("http"))
        yield Remote(process, urlsplit(url).netloc, {"Authorization": f"Bearer {key}"} if key else {})


def site_file(program: Program, practice: Practice, name: str = "practice") -> Path:
    """The file of a practice site that runs in the test, under some name."""
    text = site_text(practice.behaviour, practice.url)
    assert 'name = "practice"' in text
    return program.write(f"{name}.toml", text.replace('name = "practice"', f'name = "{name}"'))
