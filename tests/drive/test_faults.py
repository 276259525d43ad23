"""Whatever a site does wrong, a call ends within its timeout: in a short typed error or in a whole answer.

The tables say what each fault of the real faulty server has to end in, as the page and as the chat's answer.
"""

import logging

import pytest

from chatdoor import ChatdoorError, Client, Timeout, errors, load_site
from tests.drive.faces import FACES, HELLO, Ask, streaming_site
from tests.servers import faults
from tests.servers.faulty import TOKEN_START, Faulty

GOOD = "a whole answer"

# What does not depend on where it happens.
_BOTH = {
    GOOD: "good good_then_closed slow early_hints chunked_good close_delimited gzip_good unknown_encoding",
    "ConnectFailed": "connection_refused",
    "ConnectFailed or ReadFailed": "reset_on_accept",  # whichever side is quicker
    "ReadFailed": """
        reset_after_request_head reset_after_request reset_mid_head closed_without_answer garbage other_protocol
        endless_header_line endless_headers headers_100000 two_lengths
    """,
    "TimedOut": "never_answers never_reads drip_head drip_body stalls_late endless_interim",
    "ReplyTooLarge": "huge_length huge_chunked endless_chunked gzip_bomb",
    "SiteFailed": "server_error bad_gateway unavailable no_such_status",
    "RateLimited": """
        rate_limited_1s rate_limited_zero rate_limited_endless rate_limited_400_digits rate_limited_nonsense
        rate_limited_negative rate_limited_fraction rate_limited_date rate_limited_past_date rate_limited_far_date
        rate_limited_none rate_limited_empty
    """,
    "BotCheckMet": """
        bot_check_cloudflare bot_check_cloudflare_503 bot_check_akamai bot_check_aws_waf bot_check_aws_waf_202
        bot_check_datadome bot_check_imperva bot_check_human bot_check_human_html bot_check_vercel
        bot_check_turnstile_200
    """,
    "SessionRefused": "unauthorized forbidden_login",
    "UnexpectedReply": "bad_request csrf_419 not_found too_large redirect_no_location",
    "RedirectRefused": """
        redirect_foreign redirect_foreign_307 redirect_foreign_308 redirect_foreign_no_scheme redirect_other_port
        redirect_other_port_307 redirect_home_in_userinfo redirect_loop redirect_loop_307 redirect_file redirect_data
        redirect_bad_location
    """,
}

_PAGE = {
    GOOD: """
        length_too_short redirect_gzip_bomb redirect_same_host token_bare_lf foreign_cookie_beside_good ninety_cookies
        non_ascii_cookie_beside_good malformed_cookie_beside_good token_in_latin1_page
    """,
    "ReadFailed": """
        reset_mid_body length_too_long chunked_cut_off chunk_cut_off bad_chunk_size gzip_wrong gzip_cut_off
        gzip_bad_checksum token_bare_cr token_nul thousand_cookies
    """,
    "SessionRefused": "redirect_login redirect_login_303 redirect_login_307",
    "UnexpectedReply": "csrf_403 csrf_403_json csrf_403_new_token forbidden_unknown forbidden_empty",
    "RateLimited": "unavailable_1s",
    "TokenNotFound": """
        no_token no_cookies empty_token token_crlf_encoded token_crlf_encoded_meta token_crlf_raw_meta token_non_ascii
        token_huge token_deleted foreign_cookie
    """,
}

_CHAT = {
    GOOD: "response_empty utf8_bom latin1 text_plain no_content_type terminal_escapes rotated_token",
    "ReplyCutShort": """
        reset_mid_body length_too_long length_too_short chunked_cut_off chunk_cut_off bad_chunk_size gzip_wrong
        gzip_cut_off gzip_bad_checksum half_json sse_cut_off sse_reset
    """,
    "TimedOut": "sse_stalled sse_endless_slow sse_endless_comments",
    "ReplyTooLarge": "sse_endless sse_endless_line",
    "SiteFailed": "unavailable_1s",
    "SessionRefused": """
        redirect_gzip_bomb csrf_403 csrf_403_json csrf_403_new_token forbidden_unknown forbidden_empty
        redirect_same_host redirect_login redirect_login_303 redirect_login_307
    """,
    "UnexpectedReply": """
        html_200 no_content empty_body json_null json_number json_text json_list response_null response_number
        response_list other_key error_200 deep_arrays deep_objects deep_in_response deep_unclosed json_and_more
        invalid_utf8 lone_surrogate
        sse_good sse_split sse_crlf sse_no_done sse_error_event sse_not_json sse_invalid_utf8 sse_empty
    """,
}

ASKED_TWICE = frozenset({"csrf_403", "csrf_403_json", "csrf_403_new_token"}) | {
    f"rate_limited_{wait}" for wait in ("1s", "zero", "date", "past_date")
}
"""Refusals, which say that the site did not act: the one CSRF refresh, the one wait. Then a prompt goes out twice."""

FOLLOWED = frozenset({"redirect_login_307", "redirect_loop_307"})
"""A 307 asks for the prompt at another path of the same host; that is no second try."""


WAYS = ("plain", "library")
"""How the requests go: by plain HTTP of our own, or as with a proxy or TLS."""


def _flat(*tables: dict[str, str]) -> dict[str, str]:
    return {name: outcome for table in tables for outcome, names in table.items() for name in names.split()}


PAGE, CHAT = _flat(_BOTH, _PAGE), _flat(_BOTH, _CHAT)
CASES = [("page", name) for name in PAGE] + [("chat", name) for name in CHAT]


def test_every_fault_has_its_outcome() -> None:
    """No fault of the server is forgotten."""
    assert set(PAGE) == set(faults.PAGE)
    assert set(CHAT) == set(faults.CHAT)


@pytest.mark.parametrize(("side", "name"), CASES, ids=[f"{side}-{name}" for side, name in CASES])
@pytest.mark.parametrize("face", [FACES["main thread"], FACES["async"]], ids=["blocking", "async"])
@pytest.mark.parametrize("way", WAYS)
def test_a_fault_ends_well(
    faulty: Faulty, caplog: pytest.LogCaptureFixture, face: Ask, side: str, name: str, way: str
) -> None:
    """The call ends as the table says; no prompt too many, no secret, nothing to another origin."""
    expected = (PAGE if side == "page" else CHAT)[name]
    server = faulty(**{side: name})
    caplog.set_level(logging.DEBUG, "chatdoor")
    outcome = _outcome(face, server.url, 0.8 if expected == "TimedOut" else 4.0, way)
    text = str(outcome)
    kind = GOOD if isinstance(outcome, str) else type(outcome).__name__
    assert kind in {*expected.split(" or "), *_chance(side, name)}, repr(outcome)
    assert server.prompts <= (2 if name in ASKED_TWICE | FOLLOWED else 1)
    if side == "page" and expected != GOOD:
        assert server.prompts == 0
    assert server.foreign == []
    assert TOKEN_START not in text + caplog.text
    if kind != GOOD:
        assert "\n" not in text
        assert len(text) < 400
        assert "Traceback" not in text


def test_what_came_before_a_cut_is_in_the_error(faulty: Faulty) -> None:
    """A reply that is cut short is an error; the pieces before the cut are its `partial`."""
    server = faulty(chat="sse_cut_off")
    came: list[str] = []
    with Client(streaming_site(server.url)) as client, pytest.raises(errors.ReplyCutShort) as caught:
        came.extend(piece.text for piece in client.stream(HELLO))
    assert came
    assert caught.value.partial == "".join(came)
    assert server.prompts == 1


def _chance(side: str, name: str) -> set[str]:
    """A page after which the site closes a connection that it promised to keep: who finds out first is chance."""
    return {"ReadFailed"} if side == "page" and not faults.PAGE[name].goes_on else set()


def _outcome(face: Ask, url: str, total: float, way: str) -> ChatdoorError | str:
    try:
        (reply,) = face(load_site("voigpt", url=url), timeout=Timeout(total=total), trust_env=way == "library")
    except ChatdoorError as error:
        return error
    return reply.text
