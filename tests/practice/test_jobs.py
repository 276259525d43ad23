"""Replies that another request fetches."""

import json

from chatdoor.practice.jobs import POLLS, Jobs, handed_over
from chatdoor.practice.wire import Answer, json_document

REPLY = json_document(200, {"response": "Hello."}, ("X-CSRF-Token", "next"))


def _state(answer: Answer) -> object:
    return json.loads(answer.body[0])


def test_a_job_is_not_ready_at_once() -> None:
    """A job that is asked after is at work for some polls, then ready, and stays so."""
    jobs = Jobs()
    ticket = _state(handed_over("job-poll", REPLY, {"conversation": "7"}, jobs))
    assert isinstance(ticket, dict)
    assert ticket["conversation"] == "7"
    states = [jobs.fetch(ticket["job"]) for _ in range(POLLS + 2)]
    assert [_state(state) for state in states[:POLLS]] == [{"state": "working"}] * POLLS
    assert states[POLLS:] == [REPLY, REPLY]


def test_a_page_is_led_to() -> None:
    """The answer to the prompt says where the reply is, which is there at once."""
    jobs = Jobs()
    answer = handed_over("redirect", REPLY, {}, jobs)
    assert answer.status == 303
    assert jobs.fetch(dict(answer.headers)["Location"].removeprefix("/jobs/")) == REPLY


def test_a_ticket_has_the_headers_of_the_reply() -> None:
    """The next token goes out with the ticket, and the ticket's own length stays right."""
    answer = handed_over("job-stream", REPLY, {}, Jobs())
    assert ("X-CSRF-Token", "next") in answer.headers
    assert [text for name, text in answer.headers if name == "Content-Length"] == [str(len(answer.body[0]))]


def test_other_replies_need_no_second_request() -> None:
    """In the other shapes the answer to the prompt is the reply."""
    assert handed_over("json", REPLY, {}, Jobs()) is REPLY


def test_jobs_are_bounded() -> None:
    """The oldest job makes room, and one that is not there is gone for good."""
    jobs = Jobs(most=1)
    first, second = jobs.add(REPLY, 0), jobs.add(REPLY, 0)
    assert (jobs.fetch(first).status, jobs.fetch(second)) == (410, REPLY)
