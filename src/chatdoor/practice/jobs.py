"""Replies that another request fetches: a page to be led to, a job to be listened to or asked after."""

import secrets
import threading
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from chatdoor.practice.behaviour import Shape
from chatdoor.practice.wire import JOBS_PATH, Answer, Request, json_document, problem, see_other

JOBS_MOST = 1_000
"""How many replies wait to be fetched. One more, and the oldest is gone."""
POLLS = 2
"""How often a job that is asked after is not ready yet."""


class _Job(Struct):
    answer: Answer
    waits: int


class Jobs:
    """The replies that wait. Safe to use from any thread."""

    def __init__(self, most: int = JOBS_MOST) -> None:
        self._most = most
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()

    def add(self, answer: Answer, waits: int) -> str:
        """The id of a new job, which is not ready the first times that it is asked after."""
        name = secrets.token_hex(8)
        with self._lock:
            self._jobs[name] = _Job(answer, waits)
            if len(self._jobs) > self._most:
                del self._jobs[next(iter(self._jobs))]
        return name

    def fetch(self, name: str) -> Answer:
        """The answer to somebody who asks after a job. It may be asked for again."""
        with self._lock:
            job = self._jobs.get(name)
            if job is None:
                return problem(410, "there is no such job, or not any more")
            if job.waits:
                job.waits -= 1
                return json_document(200, {"state": "working"})
            return job.answer


def show_job(request: Request, jobs: Jobs) -> Answer:
    """The answer to a request for a job."""
    return jobs.fetch(request.path.removeprefix(JOBS_PATH))


def handed_over(shape: Shape, answer: Answer, beside: Mapping[str, str], jobs: Jobs) -> Answer:
    """The answer to a prompt: the reply, or where it can be fetched. `beside` goes out with a ticket."""
    hand = _HANDS.get(shape)
    return hand(answer, beside, jobs) if hand else answer


def _lead(answer: Answer, _beside: Mapping[str, str], jobs: Jobs) -> Answer:
    return see_other(JOBS_PATH + jobs.add(answer, 0))


def _ticket(answer: Answer, beside: Mapping[str, str], jobs: Jobs) -> Answer:
    return _told(jobs.add(answer, 0), answer, beside)


def _slow_ticket(answer: Answer, beside: Mapping[str, str], jobs: Jobs) -> Answer:
    return _told(jobs.add(answer, POLLS), answer, beside)


def _told(name: str, answer: Answer, beside: Mapping[str, str]) -> Answer:
    ticket = json_document(202, {"job": name, **beside})
    shown = tuple(header for header in answer.headers if header[0] not in _OF_THE_BODY)
    return msgspec.structs.replace(ticket, headers=(*ticket.headers, *shown))


_OF_THE_BODY = {"Content-Type", "Content-Length", "Cache-Control", "Connection", "X-Content-Type-Options"}

_HANDS: Mapping[Shape, Callable[[Answer, Mapping[str, str], Jobs], Answer]] = {
    "redirect": _lead,
    "job-stream": _ticket,
    "job-poll": _slow_ticket,
}
"""The shapes that take a second request. In the others the answer to the prompt is the reply."""
