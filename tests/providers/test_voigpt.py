"""VoiGpt by behaviour, each line against a real server."""

import asyncio
import contextlib
import inspect
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatdoor import CreateResult, Messages, SiteProvider, Timeout, VoiGpt
from chatdoor.errors import (
    BotCheckMet,
    ChatdoorError,
    RateLimited,
    ReplyCutShort,
    SessionRefused,
    TimedOut,
    TokenNotFound,
    UnexpectedReply,
)
from tests.servers.django_server import DjangoServer
from tests.servers.faulty import Faulty
from tests.servers.proxies import Proxy

HELLO: Messages = [{"role": "user", "content": "Hello"}]
DJANGOS = "You said: Hello (1 messages)"
FAULTYS = "Good day to you."

Ask = Callable[..., str]


def _blocking(provider: type[SiteProvider] = VoiGpt, **options: object) -> str:
    (text,) = provider.create_completion(None, HELLO, False, **options)  # type: ignore[arg-type]
    return text


def _tasks(provider: type[SiteProvider] = VoiGpt, **options: object) -> str:
    return asyncio.run(provider.create_async(None, HELLO, **options))  # type: ignore[arg-type]


@pytest.fixture(params=[_blocking, _tasks], ids=["blocking", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """One question, by either face."""
    found: Ask = request.param
    return found


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    """Each test begins and ends with no cached token."""
    with contextlib.nullcontext():
        VoiGpt._access_token = None
        yield
        VoiGpt._access_token = None


@pytest.mark.parametrize(("reply", "streams"), [('sse = "text"', True), ('json = "text"', False)])
def test_whether_a_site_streams_is_what_its_file_says(tmp_path: Path, reply: str, streams: bool) -> None:
    """Of the class, of an object and in a subclass; who says it in the class is believed."""
    file = tmp_path / "bot.toml"
    chat = '[chat]\npost = "/"\njson = { m = "{messages}" }'
    file.write_text(f'schema = 1\nname = "bot"\nurl = "https://bot.example"\n{chat}\n[reply]\n{reply}\n')

    class Bot(SiteProvider):
        site = file

    class Same(Bot):
        pass

    class Other(Bot):
        supports_stream = not streams

    assert (Bot.supports_stream, Bot().supports_stream, Same.supports_stream) == (streams,) * 3
    assert Other.supports_stream is not streams
    assert SiteProvider.supports_stream is False


class TestTheInterface:
    """What other programs rely on."""

    def test_the_class_attributes(self) -> None:
        """The flags, the URL and the empty token are as they have always been."""
        assert VoiGpt.url == "https://voigpt.com"
        assert VoiGpt.supports_gpt_35_turbo
        assert VoiGpt.supports_message_history
        assert not VoiGpt.supports_stream
        assert not VoiGpt.supports_gpt_4
        assert not VoiGpt.needs_auth
        assert not VoiGpt.working
        assert VoiGpt._access_token is None

    def test_the_result_is_a_named_generator_that_touches_nothing(self, faulty: Faulty) -> None:
        """Nothing is sent before the first `next()`."""
        server = faulty()
        result = VoiGpt.create_completion("", HELLO, False, url=server.url)
        assert inspect.isgenerator(result)
        assert result.__qualname__ == "VoiGpt.create_completion"
        assert server.seen == []
        assert list(result) == [FAULTYS]

    @pytest.mark.parametrize("model", [None, "", "gpt-3.5-turbo", "gpt-4", "anything"])
    def test_any_model_is_accepted_and_none_is_sent(self, faulty: Faulty, model: str | None) -> None:
        """The protocol has no model field; the default stands where none is named."""
        server = faulty()
        assert list(VoiGpt.create_completion(model, HELLO, False, url=server.url)) == [FAULTYS]
        assert server.seen[-1].json() == {"messages": HELLO}

    def test_unknown_options_are_ignored_with_a_debug_log(
        self, faulty: Faulty, ask: Ask, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Callers of this interface pass sampling options."""
        caplog.set_level(logging.DEBUG, "chatdoor")
        assert ask(url=faulty().url, temperature=0.3, top_p=1, whatever=object()) == FAULTYS
        assert "ignores temperature, top_p, whatever" in caplog.text

    @pytest.mark.parametrize(
        "arguments",
        [
            {"messages": "Hello"},
            {"messages": []},
            {"messages": [{"role": "user", "content": "\ud800"}]},
            {"proxy": "ftp://127.0.0.1:1"},
            {"access_token": "two words"},
            {"access_token": "line\r\nbreak"},
            {"url": "file:///etc/passwd"},
            {"url": "http://169.254.169.254/"},
            {"url": 5},
            {"url": ""},
            {"stream": "no"},
            {"stream": None},
            {"access_token": 5},
            {"access_token": "x" * 9000},
            {"user_agent": 5},
            {"trust_env": "yes"},
            {"ca_file": "a\0b"},
            {"proxy": "http://user:word@two words"},
            {"timeout": 0},
            {"timeout": "soon"},
            {"model": 5},
            {"ca_file": "/no/such/file"},
        ],
        ids=str,
    )
    def test_wrong_arguments_are_a_value_error_at_the_call(self, arguments: dict[str, object]) -> None:
        """They are checked at once, before anything is sent."""
        merged = {"model": None, "messages": HELLO, "stream": False, "url": "http://127.0.0.1:9", **arguments}
        with pytest.raises(ValueError, match=r".") as caught:
            VoiGpt.create_completion(**merged)  # type: ignore[arg-type]
        assert isinstance(caught.value, RuntimeError)

    def test_it_works_inside_a_running_event_loop(self, django_http: DjangoServer) -> None:
        """A notebook may call the blocking face."""

        async def notebook() -> str:
            return _blocking(url=django_http.url)

        assert asyncio.run(notebook()) == DJANGOS

    def test_create_result_is_what_it_gives(self) -> None:
        """The exported names describe the interface."""
        annotations = inspect.get_annotations(VoiGpt.create_completion)
        assert annotations["return"] == CreateResult
        assert annotations["messages"] == Messages


class TestWhere:
    """One's own deployment: by argument, subclass, environment, in this order."""

    def test_the_order(self, faulty: Faulty, monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
        """The argument wins over the subclass, the subclass over the environment."""
        argument, subclass, environment = faulty(), faulty(), faulty()

        class Mine(VoiGpt):
            url = subclass.url

        monkeypatch.setenv("CHATDOOR_VOIGPT_URL", environment.url)
        ask()
        assert [len(server.seen) for server in (argument, subclass, environment)] == [0, 0, 2]
        ask(Mine)
        assert [len(server.seen) for server in (argument, subclass, environment)] == [0, 2, 2]
        ask(Mine, url=argument.url)
        assert [len(server.seen) for server in (argument, subclass, environment)] == [2, 2, 2]


class TestTheToken:
    """Where it comes from, where it goes, who keeps it."""

    def test_it_is_fetched_once_and_kept(self, django_http: DjangoServer, ask: Ask) -> None:
        """One page for many questions; the class shows the token."""
        for _ in range(3):
            assert ask(url=django_http.url) == DJANGOS
        stats = django_http.stats()
        assert (stats.pages, stats.accepted) == (1, 3)
        assert VoiGpt._access_token == stats.requests[-1].headers["x-csrftoken"]

    def test_the_faces_share_it(self, django_http: DjangoServer) -> None:
        """Blocking and async calls use one session."""
        _blocking(url=django_http.url)
        _tasks(url=django_http.url)
        assert django_http.stats().pages == 1

    def test_one_set_on_the_class_is_used_without_a_page(self, faulty: Faulty, ask: Ask) -> None:
        """It goes out as cookie and header."""
        server = faulty()
        VoiGpt._access_token = "set-by-hand"
        assert ask(url=server.url) == FAULTYS
        assert [(seen.method, seen.path) for seen in server.seen] == [("POST", "/generate_response/")]
        (post,) = server.seen
        assert post.header("x-csrftoken") == "set-by-hand"
        assert post.header("cookie") == "csrftoken=set-by-hand"

    def test_one_set_on_a_subclass_body_is_used(self, faulty: Faulty, ask: Ask) -> None:
        """A subclass may bring its own."""
        server = faulty()

        class Mine(VoiGpt):
            url = server.url
            _access_token = "from-the-body"

        ask(Mine)
        assert [seen.header("x-csrftoken") for seen in server.seen] == ["from-the-body"]

    def test_one_set_on_the_class_is_replaced_when_it_is_dead(self, django_http: DjangoServer, ask: Ask) -> None:
        """It is a cached token: refused by Django for its form, it costs one page."""
        VoiGpt._access_token = "dead"
        with contextlib.suppress(ChatdoorError):
            ask(url=django_http.url)
        assert ask(url=django_http.url) == DJANGOS
        assert django_http.stats().pages == 1

    def test_one_copied_from_another_class_is_used(self, django_http: DjangoServer, faulty: Faulty, ask: Ask) -> None:
        """A value set on the class is used without a page, wherever it came from."""
        ask(url=django_http.url)
        server = faulty()

        class Mine(VoiGpt):
            url = server.url
            _access_token = VoiGpt._access_token

        ask(Mine)
        assert [seen.method for seen in server.seen] == ["POST"]

    def test_none_forgets(self, django_http: DjangoServer, ask: Ask) -> None:
        """Setting None makes the next call fetch the page again."""
        ask(url=django_http.url)
        VoiGpt._access_token = None
        ask(url=django_http.url)
        assert django_http.stats().pages == 2

    def test_a_given_one_is_sent_as_it_is_and_not_kept(self, faulty: Faulty, ask: Ask) -> None:
        """Cookie and header, no page; the next call without it fetches its own."""
        server = faulty()
        ask(url=server.url, access_token="given")
        assert [seen.method for seen in server.seen] == ["POST"]
        assert server.seen[0].header("x-csrftoken") == "given"
        assert server.seen[0].header("cookie") == "csrftoken=given"
        assert VoiGpt._access_token is None
        ask(url=server.url)
        assert server.pages == 1
        assert server.seen[-1].header("x-csrftoken") != "given"

    def test_a_given_one_is_not_replaced_by_an_answer(self, faulty: Faulty, ask: Ask) -> None:
        """A token that the answer rotates stays in that answer."""
        server = faulty(chat="rotated_token")
        ask(url=server.url, access_token="given")
        assert VoiGpt._access_token is None

    def test_the_refusal_of_a_given_one_is_an_error_that_says_so(self, faulty: Faulty, ask: Ask) -> None:
        """No page is fetched in its place and the prompt goes out once."""
        server = faulty(chat="csrf_403")
        with pytest.raises(SessionRefused, match="access token that was given was refused"):
            ask(url=server.url, access_token="given")
        assert (server.pages, server.prompts) == (0, 1)

    def test_a_subclass_does_not_inherit_it(self, django_http: DjangoServer, ask: Ask) -> None:
        """Its parent's token stays its parent's, cached or set by hand."""
        ask(url=django_http.url)

        class Mine(VoiGpt):
            pass

        assert Mine._access_token is None
        ask(Mine, url=django_http.url)
        assert django_http.stats().pages == 2

    def test_it_goes_to_no_other_origin(self, django_http: DjangoServer, faulty: Faulty, ask: Ask) -> None:
        """Another port gets a page fetch of its own, and the first one's token is still good for the first."""
        other = faulty()
        ask(url=django_http.url)
        token = VoiGpt._access_token
        ask(url=other.url)
        assert other.pages == 1
        assert token not in str(other.seen)
        ask(url=django_http.url)
        assert django_http.stats().pages == 1

    def test_one_set_by_hand_goes_to_one_origin_only(self, faulty: Faulty, ask: Ask) -> None:
        """It belongs to the first origin that is called with it."""
        one, two = faulty(), faulty()
        VoiGpt._access_token = "set-by-hand"
        ask(url=one.url)
        ask(url=two.url)
        assert "set-by-hand" in str(one.seen)
        assert "set-by-hand" not in str(two.seen)

    def test_another_proxy_is_another_visitor(self, django_http: DjangoServer, http_proxy: Proxy, ask: Ask) -> None:
        """Through a proxy, the page is fetched through it too."""
        ask(url=django_http.url)
        ask(url=django_http.url, proxy=http_proxy.url)
        ask(url=django_http.url, proxy=http_proxy.url)
        assert django_http.stats().pages == 2
        assert http_proxy.count() >= 1

    def test_a_rotated_one_is_used_from_then_on(self, django_http: DjangoServer, ask: Ask) -> None:
        """Where every answer brings a new token, nothing is refused."""
        django_http.rotate(True)
        tokens = []
        for _ in range(3):
            ask(url=django_http.url)
            tokens.append(VoiGpt._access_token)
        stats = django_http.stats()
        assert (stats.pages, stats.csrf_failed) == (1, 0)
        assert len(set(tokens)) == 3

    @pytest.mark.parametrize("page", ["no_token", "no_cookies", "empty_token", "token_deleted", "foreign_cookie"])
    def test_no_token_in_the_page_is_an_error_before_anything_is_posted(
        self, faulty: Faulty, ask: Ask, page: str
    ) -> None:
        """The error says what was expected where, and no header says None."""
        server = faulty(page=page)
        with pytest.raises(TokenNotFound, match="csrftoken"):
            ask(url=server.url)
        assert server.prompts == 0
        assert "None" not in str([seen.headers for seen in server.seen])

    @pytest.mark.parametrize("runner", ["threads", "tasks"])
    @pytest.mark.parametrize("dead", [False, True], ids=["missing", "dead"])
    def test_many_callers_cause_one_page(self, django_http: DjangoServer, runner: str, dead: bool) -> None:
        """All of them get their answers."""
        if dead:
            _blocking(url=django_http.url)
            django_http.expire()
        if runner == "threads":
            with ThreadPoolExecutor(16) as pool:
                texts = list(pool.map(lambda _: _blocking(url=django_http.url), range(16)))
        else:

            async def gather() -> list[str]:
                return await asyncio.gather(*[VoiGpt.create_async(None, HELLO, url=django_http.url) for _ in range(16)])

            texts = asyncio.run(gather())
        assert texts == [DJANGOS] * 16
        assert django_http.stats().pages == 1 + dead


class TestRefusals:
    """When the prompt goes out again, and when it does not."""

    def test_a_403_that_names_csrf_is_refreshed_even_when_the_token_is_fresh(self, faulty: Faulty, ask: Ask) -> None:
        """One page more, one prompt more."""
        server = faulty(chat=["csrf_403", "good"])
        assert ask(url=server.url) == FAULTYS
        assert (server.pages, server.prompts) == (2, 2)

    def test_a_second_refusal_is_an_error_that_says_so(self, faulty: Faulty, ask: Ask) -> None:
        """Two prompts at most."""
        server = faulty(chat="csrf_403")
        with pytest.raises(SessionRefused, match="again"):
            ask(url=server.url)
        assert (server.pages, server.prompts) == (2, 2)

    def test_an_unknown_403_to_a_fresh_token_is_an_error(self, faulty: Faulty, ask: Ask) -> None:
        """A new token would be refused like this one."""
        server = faulty(chat="forbidden_unknown")
        with pytest.raises(SessionRefused, match="fresh"):
            ask(url=server.url)
        assert (server.pages, server.prompts) == (1, 1)

    def test_an_unknown_403_to_an_older_token_is_refreshed(self, faulty: Faulty, ask: Ask) -> None:
        """The token may have died since."""
        server = faulty(chat=["good", "forbidden_unknown", "good"])
        ask(url=server.url)
        time.sleep(0.01)
        assert ask(url=server.url) == FAULTYS
        assert (server.pages, server.prompts) == (2, 3)

    @pytest.mark.parametrize(
        ("chat", "error"),
        [("bot_check_cloudflare", BotCheckMet), ("forbidden_login", SessionRefused), ("unauthorized", SessionRefused)],
    )
    def test_bot_checks_and_logins_are_not_refreshed(
        self, faulty: Faulty, ask: Ask, chat: str, error: type[ChatdoorError]
    ) -> None:
        """Not even with an older token: a new one would meet the same."""
        server = faulty(chat=["good", chat])
        ask(url=server.url)
        time.sleep(0.01)
        with pytest.raises(error):
            ask(url=server.url)
        assert (server.pages, server.prompts) == (1, 2)

    def test_a_429_that_fits_is_waited_out_once(self, faulty: Faulty, ask: Ask) -> None:
        """The prompt goes out again after the wait."""
        server = faulty(chat=["rate_limited_1s", "good"])
        start = time.monotonic()
        assert ask(url=server.url, timeout=10) == FAULTYS
        assert time.monotonic() - start >= 1
        assert server.prompts == 2

    @pytest.mark.parametrize(
        ("chat", "wait"),
        [("rate_limited_endless", 86400), ("rate_limited_nonsense", None), ("rate_limited_none", None)],
    )
    def test_another_429_is_an_error_with_the_wait(
        self, faulty: Faulty, ask: Ask, chat: str, wait: float | None
    ) -> None:
        """At once, with the prompt sent once."""
        server = faulty(chat=chat)
        with pytest.raises(RateLimited) as caught:
            ask(url=server.url, timeout=10)
        assert caught.value.retry_after == wait
        assert server.prompts == 1


class TestReplies:
    """An answer is never made up."""

    def test_stream_yields_what_the_site_gives(self, faulty: Faulty) -> None:
        """The pieces joined are the text."""
        pieces = list(VoiGpt.create_completion(None, HELLO, True, url=faulty().url))
        assert "".join(pieces) == FAULTYS

    @pytest.mark.parametrize("stream", [False, True])
    def test_an_empty_response_is_a_reply(self, faulty: Faulty, stream: bool) -> None:
        """Without streaming there is exactly one item, even an empty one."""
        texts = list(VoiGpt.create_completion(None, HELLO, stream, url=faulty(chat="response_empty").url))
        assert texts == ([] if stream else [""])

    @pytest.mark.parametrize("chat", ["json_null", "json_list", "response_null", "response_number", "other_key"])
    def test_anything_else_is_an_error_with_status_and_excerpt(self, faulty: Faulty, ask: Ask, chat: str) -> None:
        """A RuntimeError that shows what came, shortly."""
        with pytest.raises(UnexpectedReply, match=r"HTTP 200") as caught:
            ask(url=faulty(chat=chat).url)
        assert isinstance(caught.value, RuntimeError)
        assert len(str(caught.value)) < 400

    @pytest.mark.parametrize("chat", ["half_json", "length_too_long", "chunked_cut_off", "reset_mid_body"])
    def test_an_answer_cut_short_is_an_error(self, faulty: Faulty, ask: Ask, chat: str) -> None:
        """Never a shorter text, and the prompt is not sent again."""
        server = faulty(chat=chat)
        with pytest.raises(ReplyCutShort):
            ask(url=server.url)
        assert server.prompts == 1

    @pytest.mark.parametrize("chat", ["never_answers", "drip_head", "drip_body"])
    def test_the_timeout_ends_the_call(self, faulty: Faulty, ask: Ask, chat: str) -> None:
        """Whatever the site does."""
        start = time.monotonic()
        with pytest.raises(TimedOut):
            ask(url=faulty(chat=chat).url, timeout=0.6)
        assert time.monotonic() - start < 3

    def test_a_gap_is_told_from_the_total(self, faulty: Faulty, ask: Ask) -> None:
        """A site that is silent for longer than the gap is given up, though there is time left."""
        start = time.monotonic()
        with pytest.raises(TimedOut):
            ask(url=faulty(chat="never_answers").url, timeout=Timeout(gap=0.4, total=20))
        assert time.monotonic() - start < 4


def test_the_private_ca_is_an_option(django_https: DjangoServer, ask: Ask) -> None:
    """With `ca_file` one's own https deployment answers."""
    assert ask(url=django_https.url, ca_file=django_https.ca_file) == DJANGOS


def test_the_user_agent_is_an_option(faulty: Faulty, ask: Ask) -> None:
    """Ours by default, another by argument."""
    server = faulty()
    ask(url=server.url)
    ask(url=server.url, user_agent="lab-tests/2")
    agents = [seen.header("user-agent") or "" for seen in server.seen]
    assert agents[0].startswith("chatdoor/")
    assert agents[-1] == "lab-tests/2"
