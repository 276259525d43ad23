"""Rules of steps: what is tried again, what every answer is searched for, what has to come."""

import pytest

from chatdoor.errors import ChatdoorError, ReadFailed, SiteFailed, SiteFileError, UnexpectedReply
from chatdoor.flow.session import Session
from chatdoor.flow.talk import Talk
from chatdoor.site import Site
from tests.flow.script import Said, Script, header, page, said, to
from tests.flow.test_talk import answer, bodies, site_with, turn


class TestOnceMore:
    """A GET may bring what was said, and then it does not only read."""

    GET = '[chat]\nget = "/ask?q={prompt}"\n'
    SITES = (
        site_with(f'{GET}[reply]\njson = "r"'),
        site_with(f'[take]\nt = {{ meta = "t" }}\n{GET}[reply]\nhtml = "p"'),
        site_with('[[chat]]\nget = "/ask?q={prompt}"\n[[chat]]\nget = "/r"\n[reply]\njson = "r"'),
    )

    @pytest.mark.parametrize(
        ("came", "error"), [(ReadFailed("gone"), ReadFailed), (said(503, retry_after="1"), SiteFailed)]
    )
    @pytest.mark.parametrize("site", SITES, ids=["streamed", "read whole", "of two"])
    def test_a_get_that_tells_goes_out_once(self, site: Site, came: Said, error: type[ChatdoorError]) -> None:
        """After a failure in which the site may have read the prompt, nothing is sent again, nor said to be safe."""
        script = Script([came, answer(r="x"), answer(r="x")])
        with pytest.raises(error) as raised:
            script.ask(site, "Hello")
        assert (script.story, raised.value.retryable) == ("GET /ask?q=Hello", False)


class TestEveryAnswer:
    """`[take]` is looked for in every answer, also in those on the way."""

    TOKENS = site_with(
        '[take]\nnext = { json = "next" }\n[headers]\nX-Next = "{next}"\n[session]\nget = "/t"\n'
        '[[chat]]\npost = "/jobs"\njson = { p = "{prompt}" }\n[[chat]]\nget = "/poll"\n'
        'until = { json = { s = "ok" } }\n[reply]\njson = "r"\n'
    )

    def test_each_poll_uses_the_token_of_the_last(self) -> None:
        """A one-use token is in the answer that is waited over."""
        answers = [answer(next=0), answer(next=1), answer(next=2, s="busy"), answer(next=3, s="ok", r="Hi")]
        script = Script(answers)
        assert script.ask(self.TOKENS).text == "Hi"
        assert [header(request, "x-next") for request in script.requests] == [None, "0", "1", "2"]
        assert script.session
        assert script.session.values == {"next": 3}

    def test_an_error_has_the_next_token_too(self) -> None:
        """The one that was sent is used up, whatever came of it."""
        script = Script([answer(next=0), said(422, '{"next": 1}')])
        with pytest.raises(ChatdoorError):
            script.ask(self.TOKENS)
        assert script.session
        assert script.session.values == {"next": 1}


class TestExpected:
    """What a chat step expects, and what it does not follow."""

    def test_the_step_that_brings_the_reply_has_to_bring_what_is_expected(self) -> None:
        """By its status, or by what is in its body."""
        for expected in ("status = 201", "json = { ok = true }"):
            site = site_with(
                f'[chat]\npost = "/c"\njson = "{{prompt}}"\nexpect = {{ {expected} }}\n[reply]\njson = "r"'
            )
            with pytest.raises(UnexpectedReply, match="expected"):
                Script([answer(r="Hi")]).ask(site)
            assert Script([said(201, '{"r": "Hi", "ok": true}')]).ask(site).text == "Hi"

    def test_a_status_that_is_expected_is_no_error(self) -> None:
        """The reply is read from it."""
        site = site_with('[chat]\npost = "/c"\njson = "{prompt}"\nexpect = { status = 418 }\n[reply]\nsse = "r"')
        assert Script([said(418, 'data: {"r": "Hi"}\n\n', content_type="text/event-stream")]).ask(site).text == "Hi"

    def test_a_redirect_that_is_not_followed_is_an_answer(self) -> None:
        """Where it leads may be the value that is wanted."""
        site = site_with(
            '[[chat]]\npost = "/jobs"\njson = "{prompt}"\nfollow_redirects = false\n'
            'take.job = { header = "Location", regex = "/jobs/(.*)" }\n[[chat]]\nget = "/jobs/{job}"\n'
            '[reply]\njson = "r"'
        )
        script = Script([to("/jobs/7", status=303), answer(r="Hi")])
        assert (script.ask(site).text, script.story) == ("Hi", "POST /jobs | GET /jobs/7")


class TestIdOfTheConversation:
    """The value `conversation` lives as long as what it names, wherever it is taken."""

    CHAT = '[chat]\npost = "/c"\njson = { p = "{prompt}", id = "{conversation}" }\n[reply]\njson = "r"\n'

    @pytest.mark.parametrize(
        "text",
        [
            '[session]\nget = "/"\ntake.conversation = { css = "#chat", attr = "data-id" }\n',
            '[take]\nconversation = { css = "#chat", attr = "data-id" }\n[session]\nget = "/"\n',
            '[take]\nconversation = { cookie = "talk" }\n[session]\nget = "/"\n',
        ],
    )
    def test_a_page_may_bring_it_where_a_session_is_one_conversation(self, text: str) -> None:
        """The page that lets a visitor in, or its cookie."""
        script = Script([page("talk=9", body='<div id="chat" data-id="9"></div>'), answer(r="Hi")])
        script.ask(site_with(text + self.CHAT), "Hello")
        assert bodies(script) == [{"p": "Hello", "id": "9"}]

    def test_every_answer_may_bring_it(self) -> None:
        """The first message goes out without one."""
        script, talk = Script([answer(r="1", id=7), answer(r="2")]), Talk("x")
        site = site_with('[take]\nconversation = { json = "id" }\n' + self.CHAT)
        script.tell(site, turn("a"), talk)
        script.tell(site, turn("a", "1", "b", known=2), talk)
        assert bodies(script) == [{"p": "a", "id": None}, {"p": "b", "id": 7}]

    def test_a_shared_page_has_nobodys_id(self) -> None:
        """Where conversations share a session, none of them gets the id that its page shows."""
        site = site_with(
            '[take]\nconversation = { css = "#chat", attr = "data-id" }\n[session]\nget = "/"\n'
            f'[conversation]\nhistory = "id"\n{self.CHAT}'
        )
        script = Script([page(body='<div id="chat" data-id="9"></div>'), answer(r="Hi")])
        script.ask(site, "Hello")
        assert bodies(script) == [{"p": "Hello", "id": None}]

    def test_a_shared_session_can_not_take_it(self) -> None:
        """That is found when the file is loaded."""
        for key in ('take.conversation = { json = "id" }', 'make.conversation = "uuid4"'):
            text = f'[session]\nget = "/"\n{key}\n[conversation]\nhistory = "id"\n{self.CHAT}'
            with pytest.raises(SiteFileError, match="share a session here"):
                site_with(text)


class TestSignInPage:
    """To land where the session steps sign in is a refusal, whatever is declared."""

    FILE = (
        '[[session]]\nget = "/login"\n[[session]]\npost = "/login"\nform = { user = "{env:U}" }\n'
        '[chat]\npost = "/c"\njson = "{prompt}"\n[conversation]\nhistory = "none"\n'
    )

    @pytest.mark.parametrize(
        ("rule", "form", "good"),
        [
            ('json = "r"', "<input name=email>", answer(r="Hi")),
            ('html = "p"', "<input type=password><p>Old</p>", page(body="<p>Hi</p>")),
        ],
    )
    def test_the_visitor_signs_in_again(self, rule: str, form: str, good: Said) -> None:
        """Also where its form has no password, or the page holds an element like a reply."""
        login = page(body=f"<form>{form}</form>")
        old = Session(generation=1, opened=0.0)
        script = Script([to("/login"), login, page(), page(), good], session=old, secrets={"env:U": "me"})
        assert script.ask(site_with(f"{self.FILE}[reply]\n{rule}")).text == "Hi"
        assert script.story == "POST /c | GET /login | GET /login | POST /login | POST /c"


def test_a_step_that_reads_json_asks_for_it() -> None:
    """Many stacks answer a script by its `Accept`; a page, and the reply, are asked for as they are."""
    site = site_with(
        '[[session]]\nget = "/"\n[[session]]\npost = "/login"\njson = { a = 1 }\n[[chat]]\npost = "/jobs"\n'
        'json = "{prompt}"\ntake.job = { json = "id" }\n[[chat]]\nget = "/jobs/{job}"\n[reply]\nsse = "r"'
    )
    script = Script([page(), answer(), answer(id=1), said(200, 'data: {"r": "Hi"}\n\n')])
    script.ask(site)
    kinds = [(header(request, "accept") or "").partition(",")[0] for request in script.requests]
    assert kinds == ["text/html", "application/json", "application/json", "text/event-stream"]
