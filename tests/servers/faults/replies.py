"""The good chat answer, and bodies that are not the JSON object with a text `response`."""

from tests.servers.wire import Answer

from .fault import JSON, answer, html, json, page, raw

GOOD_TEXT = "Good day to you."
GOOD_REPLY = Answer(200, (JSON,), b'{"response": "Good day to you."}')
DEPTH = 10_000

REPLIES = {
    "html_200": html(200, page("Welcome back")),
    "no_content": raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "empty_body": json(b""),
    "json_null": json(b"null"),
    "json_number": json(b"5"),
    "json_text": json(b'"Good day"'),
    "json_list": json(b'[{"response": "Good day"}]'),
    "response_null": json(b'{"response": null}'),
    "response_number": json(b'{"response": 5}'),
    "response_list": json(b'{"response": ["Good day"]}'),
    "response_empty": json(b'{"response": ""}'),
    "other_key": json(b'{"other": 1}'),
    "error_200": json(b'{"error": "the model is overloaded"}'),
    "deep_arrays": json(b"[" * DEPTH + b"]" * DEPTH),
    "deep_objects": json(b'{"a":' * DEPTH + b"1" + b"}" * DEPTH),
    "deep_in_response": json(b'{"response": ' + b"[" * DEPTH + b"]" * DEPTH + b"}"),
    "deep_unclosed": json(b"[" * DEPTH),
    "half_json": json(b'{"response": "Good d'),
    "json_and_more": json(b'{"response": "Good day"} {"response": "again"}'),
    "invalid_utf8": json(b'{"response": "caf\xe9 \xff"}'),
    "lone_surrogate": json(rb'{"response": "lone \ud800 half"}'),
    "utf8_bom": json(b'\xef\xbb\xbf{"response": "Good day to you."}'),
    "latin1": answer(200, b'{"response": "caf\xe9"}', "Content-Type: application/json; charset=latin-1"),
    "text_plain": answer(200, GOOD_REPLY.body, "Content-Type: text/plain"),
    "no_content_type": answer(200, GOOD_REPLY.body),
    "terminal_escapes": json(rb'{"response": "\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u009b2J"}'),
    "rotated_token": answer(200, GOOD_REPLY.body, JSON, "Set-Cookie: csrftoken=@TOKEN@; Path=/"),
}
