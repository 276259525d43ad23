"""What gateways share: whichever of them a request comes to, it is answered as by one."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from chatdoor.gateway.quota import Quota
from tests.gateway.door import Door, Seen, key
from tests.gateway.shared.conftest import Doors

BEARER = {"Authorization": "Bearer k"}


def answers(doors: list[Door], count: int, **request: object) -> list[Seen]:
    """So many chat completions at a time, asked of each gateway in turn."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda at: doors[at % len(doors)].chat(BEARER, **request), range(count)))


def test_a_key_may_ask_as_often_as_it_may_over_all(doors: Doors) -> None:
    """Of twelve requests at once to three gateways, as many pass as the key may send; the headers count for all."""
    with doors(keys=[key("k", quota=Quota(5, 1_000))]) as (three, _):
        wait_for_a_fresh_minute()
        seen = answers(three, 12)
        assert sorted(one.status for one in seen) == [200] * 5 + [429] * 7
        left = [int(one.headers["x-ratelimit-remaining-requests"]) for one in seen if one.status == 200]
        assert sorted(left) == [0, 1, 2, 3, 4]
        refused = next(one for one in seen if one.status == 429)
        assert refused.error["code"] == "rate_limit_exceeded"
        assert 0 < int(refused.headers["retry-after"]) <= 60


def test_a_retry_at_another_gateway_gets_the_first_answer(doors: Doors) -> None:
    """With the key of a try that has ended, every gateway gives its answer; the site is asked once."""
    with doors() as (three, practice):
        for number, stream in enumerate((False, True)):
            marked = {"Idempotency-Key": f"once-{number}"}
            seen = [door.chat(marked, stream=stream) for door in three]
            assert {one.status for one in seen} == {200}
            assert len({one.body for one in seen}) == 1
            other = three[1].chat(marked, stream=stream, messages=[{"role": "user", "content": "Else"}])
            assert (other.status, other.error["code"]) == (422, "idempotency_key_reused")
        assert practice.stats()["accepted"] == 2


def test_a_retry_waits_for_a_try_that_runs_elsewhere(doors: Doors) -> None:
    """While the first try runs at one gateway, its retry at another waits for it."""
    with doors(slow=0.6) as (three, practice):
        first: list[Seen] = []
        marked = {"x-stainless-retry-count": "0"}
        thread = threading.Thread(target=lambda: first.append(three[0].chat(marked)))
        thread.start()
        time.sleep(0.2)
        retry = three[1].chat({"x-stainless-retry-count": "1"})
        thread.join(10)
        assert retry.status == 200
        assert retry.body == first[0].body
        assert practice.stats()["accepted"] == 1


def test_a_response_is_known_to_all(doors: Doors) -> None:
    """A response that one gateway has kept is gone on from at another, and deleted at a third."""
    with doors(history="id") as (three, practice):
        first = three[0].send("POST", "/v1/responses", {"model": "practice", "input": "one"}).json()
        asked = {"model": "practice", "input": "two", "previous_response_id": first["id"]}
        assert three[1].send("POST", "/v1/responses", asked).status == 200
        assert practice.heard() == [["one", "two"]]
        assert three[2].send("DELETE", f"/v1/responses/{first['id']}").status == 200
        assert three[0].send("GET", f"/v1/responses/{first['id']}").status == 404


def wait_for_a_fresh_minute() -> None:
    """A minute that is about to end would count anew in mid-test."""
    if (left := 60 - time.time() % 60) < 5:
        time.sleep(left)
