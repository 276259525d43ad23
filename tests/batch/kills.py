"""The kill test: a batch that is killed again and again, and what must hold of it in the end.

The site counts what it saw. Each row has one result; each prompt was heard; one that was heard twice says so.
"""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chatdoor import Practice
from tests.cli.program import Program

SLOW: Final = 0.02
"""Seconds that the site takes for a reply, so that kills find rows under way."""

AT_A_TIME: Final = 8
END_SECONDS: Final = 120.0


@dataclass
class Verdict:
    """What came of it. `problems` is empty where all holds."""

    kills: int = 0
    marked: int = 0
    repeated: int = 0
    problems: list[str] = field(default_factory=list)


class Heard:
    """All that a practice site has heard, read often enough that nothing is missed."""

    def __init__(self, practice: Practice) -> None:
        self.prompts: Counter[str] = Counter()
        self._practice = practice
        self._seen = 0

    def read(self) -> None:
        """Reads what is new."""
        seen, heard = self._practice.stats()["accepted"], self._practice.heard()
        new = seen - self._seen
        assert new <= len(heard), "more was heard than the site keeps"
        self.prompts.update(turns[-1] for turns in heard[len(heard) - new :])
        self._seen = seen


def kill_run(
    folder: Path, rows: int, kills: int, longest: float, *, seed: int = 1, say: Callable[[str], None] = print
) -> Verdict:
    """Kills a batch so many times, then lets it end.

    `longest` is how many seconds pass from a run's first result to its kill, at most; some kills come before that.
    """
    chance, program, verdict = random.Random(seed), Program(folder), Verdict()
    prompts = [f"I feel number {number}" for number in range(rows)]
    (folder / "in.txt").write_text("".join(f"{prompt}\n" for prompt in prompts))
    practice = Practice(slow=SLOW)
    with practice:
        heard = Heard(practice)
        command = ["batch", "--site", "practice", "--url", practice.url, "--concurrency", str(AT_A_TIME)]
        while verdict.kills < kills and _run_and_kill(
            program, command, chance.uniform(0, longest), early=chance.random() < 0.2
        ):
            verdict.kills += 1
            heard.read()
            _check_whole(folder / "out.jsonl", verdict)
            if verdict.kills % 20 == 0:
                say(f"{verdict.kills} kills, {sum(heard.prompts.values())} prompts heard")
        if code := _run_to_the_end(program, command, heard):
            verdict.problems.append(f"the last run ended with {code}")
        time.sleep(SLOW * 2)  # what a killed run had sent last
        heard.read()
    _check_all(folder / "out.jsonl", prompts, heard.prompts, verdict)
    return verdict


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "chatdoor", *words, "--quiet", "in.txt", "out.jsonl"]


def _run_and_kill(program: Program, command: Sequence[str], wait: float, *, early: bool) -> bool:
    """False where the batch ended before the kill."""
    output = program.folder / "out.jsonl"
    before = output.stat().st_size if output.exists() else 0
    process = subprocess.Popen(_command(command), env=program.environment({}), cwd=program.folder)
    if not early:
        until = time.monotonic() + END_SECONDS
        while (not output.exists() or output.stat().st_size == before) and process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.005)
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def _run_to_the_end(program: Program, command: Sequence[str], heard: Heard) -> int:
    """The exit code of a run that is not killed."""
    until = time.monotonic() + END_SECONDS
    with subprocess.Popen(_command(command), env=program.environment({}), cwd=program.folder) as process:
        while process.poll() is None and time.monotonic() < until:
            heard.read()
            time.sleep(0.1)
        process.kill()
    return process.returncode


def _check_whole(output: Path, verdict: Verdict) -> None:
    """Each line but the last is whole: that one may be torn, and is cut off by the next run."""
    for line in (output.read_bytes() if output.exists() else b"").split(b"\n")[:-1]:
        try:
            json.loads(line)
        except ValueError:
            verdict.problems.append(f"after kill {verdict.kills} a line is no JSON: {line[:80]!r}")


def _check_all(output: Path, prompts: Sequence[str], heard: Counter[str], verdict: Verdict) -> None:
    results = [json.loads(line) for line in output.read_bytes().splitlines()]
    lines = Counter(result["chatdoor"]["line"] for result in results)
    marked = {result["chatdoor"]["line"] for result in results if result["chatdoor"]["asked_again"]}
    repeated = {line for line, prompt in enumerate(prompts, 1) if heard[prompt] > 1}
    verdict.marked, verdict.repeated = len(marked), len(repeated)
    verdict.problems += [f"line {line} has {count} results" for line, count in lines.items() if count > 1]
    verdict.problems += [f"line {line} has no result" for line in range(1, len(prompts) + 1) if line not in lines]
    verdict.problems += [f"{prompt!r} was never heard" for prompt in prompts if not heard[prompt]]
    verdict.problems += [f"line {line} was heard twice and is not marked" for line in repeated - marked]
    verdict.problems += [f"line {result['chatdoor']['line']} failed" for result in results if result["error"]]
    wrong = (result for result in results if not _answers(result, prompts))
    verdict.problems += [f"line {result['chatdoor']['line']} has another row's reply" for result in wrong]
    if len(marked) > verdict.kills * AT_A_TIME:
        verdict.problems.append(
            f"{len(marked)} rows are marked, after {verdict.kills} kills with {AT_A_TIME} at a time"
        )
    if (output.parent / "out.jsonl.journal").exists():
        verdict.problems.append("the journal is still there")


def _answers(result: dict[str, dict[str, object]], prompts: Sequence[str]) -> bool:
    """Whether a reply is that of its row: the practice site repeats what it is told."""
    prompt = prompts[int(str(result["chatdoor"]["line"])) - 1].removeprefix("I ")
    return f"{prompt}?" in json.dumps(result["response"])
