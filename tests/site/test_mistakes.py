"""Every mistake in a site file: one line that says where it is, what is wrong, and what may have been meant."""

# ruff: noqa: E501 - a mistake in a line, so that the table can be read

import pytest

from chatdoor.errors import SiteFileError
from chatdoor.site import loads_site
from tests.site.bot import changed

# Each row: a part of the file, what stands there instead, and what is said of it after the file's name.
# fmt: off
TOP = [
    ('name = "bot"\n', "", "1: name: is missing"),
    ("schema = 1\n", "", "1: schema: is missing"),
    ("schema = 1", "schema = 2", "1: schema: this version of chatdoor reads schema 1, not 2"),
    ("schema = 1", "schema = 2\nnew = 1", "1: schema: this version of chatdoor reads schema 1, not 2"),
    ("schema = 1", "schema = true", "1: schema: expected 1, got true or false"),
    ("schema = 1", 'schema = "1"', "1: schema: expected 1, got text"),
    ('"bot"', '"my bot"', "2: name: expected a name of up to 64 letters, digits, dots, dashes or underscores, got 'my bot'"),
    ('"bot"', '""', "2: name: expected a name of up to 64 letters, digits, dots, dashes or underscores, got empty text"),
    ('name = "bot"', 'name = "bot"\nmodel = "x"', "3: model: unknown key; did you mean 'models'?"),
    ('name = "bot"', 'name = "bot"\ntimeout = "1s"', "3: timeout: unknown key; did you mean 'limits.timeout'?"),
    ('name = "bot"', 'name = "bot"\nzzz = 1', "3: zzz: unknown key"),
    ('name = "bot"', 'name = "bot"\n"a`b` - at `$.chat`" = 1', '3: "a`b` - at `$.chat`": unknown key'),
    ('name = "bot"', 'name = "bot"\n"line\\nbreak" = 1', '3: "line\\nbreak": unknown key'),
    ('["small", "large"]', "[]", "4: models: expected a list of text, got an empty list"),
    ('["small", "large"]', '["small", "small"]', "4: models[1]: 'small' is there already"),
    ('["small", "large"]', '["small", 5]', "4: models[1]: expected text, got a whole number"),
    ('["small", "large"]', '["small", ""]', "4: models[1]: expected text, got empty text"),
    ('["small", "large"]', '"small"', "4: models: expected a list of text, got text"),
    ('["small", "large"]', '["small",\n "large",\n 1979-05-27]', "6: models[2]: dates and times are not part of the language; write them as text"),
    ('name = "bot"', 'name = "bot"\nextends = 5', "3: extends: expected text or a list of text, got a whole number"),
    ('name = "bot"', 'name = "bot"\nextends = [["django"]]', "3: extends[0]: expected text, got a list"),
    ('name = "bot"', 'name = "bot"\nextends = [{}]', "3: extends[0]: expected text, got an empty table"),
    ('name = "bot"', 'name = "bot"\nextends = []', "3: extends: expected text or a list of text, got an empty list"),
    ('name = "bot"', 'name = "bot"\nextends = "djagno"', "3: extends: there is no preset 'djagno'; did you mean 'django'?"),
]

URLS = [
    ('"https://bot.example.org"', "5", "3: url: expected text, got a whole number"),
    ('"https://bot.example.org"', '"file:///etc/passwd"', "3: url: expected a URL with http:// or https://, not file:"),
    ('"https://bot.example.org"', '"bot.example.org"', "3: url: expected a URL with http:// or https://"),
    ('"https://bot.example.org"', '"http://169.254.169.254/"', "3: url: 169.254.169.254 is not the address of a web site"),
    ('"https://bot.example.org"', '"http://0.0.0.0:8000"', "3: url: 0.0.0.0 is where servers listen; write 127.0.0.1 or localhost"),
    ('"https://bot.example.org"', '"https://a:b@bot.example.org"', "3: url: a user name or password in the URL would stand in clear text"),
    ('"https://bot.example.org"', '"https://bot.example.org/?a"', "3: url: the base of every path has no query and no fragment"),
    ('"https://bot.example.org"', '"https://bot.example.org/a b"', "3: url: a path is visible ASCII; write the rest as %20 and the like"),
    ('["api.example.org"]', '["api.example.org", "http://[fe80::1]"]', "5: hosts[1]: fe80::1 is not the address of a web site"),
    ('["api.example.org"]', '["api.example.org/v1"]', "5: hosts[0]: expected a host without a path"),
    ('["api.example.org"]', '["*.example.org"]', "5: hosts[0]: expected a host, as in https://bot.example.org or http://127.0.0.1:8000"),
    ('["api.example.org"]', '["file:///x"]', "5: hosts[0]: expected a URL with http:// or https://, not file:"),
    ('["api.example.org"]', '"api.example.org"', "5: hosts: expected a list of text, got text"),
    ('"/login"', '"https://api.example.com/login"', "18: session[1].post: https://api.example.com is not named: add its host to `hosts`"),
    ('"/login"', '"http://bot.example.org/login"', "18: session[1].post: http://bot.example.org is not named: add its host to `hosts`"),
    ('"/login"', '"https://{csrf}/login"', "18: session[1].post: expected a host, as in https://bot.example.org or http://127.0.0.1:8000"),
    ('"/login"', '"https://bot.example.org:{csrf}/"', "18: session[1].post: not a URL: Port could not be cast to integer value as '{csrf}'"),
    ('"/login"', '"{csrf}"', "18: session[1].post: expected a path that begins with one /, or a full URL"),
    ('"/login"', '"login"', "18: session[1].post: expected a path that begins with one /, or a full URL"),
    ('"/login"', '"//evil.example/"', "18: session[1].post: expected a path that begins with one /, or a full URL"),
    ('"/login"', '"/log in"', "18: session[1].post: a path is visible ASCII without backslash and #; write the rest as %20 and the like"),
    ('"/login"', '"/login#top"', "18: session[1].post: a path is visible ASCII without backslash and #; write the rest as %20 and the like"),
    ('"/login"', '"/{csrf?}"', "18: session[1].post: nothing can be left out of a path: write {name}, without the question mark"),
]

STEPS = [
    ('get = "/"', 'get = "/"\nstatus = 200', "16: session[0].status: unknown key; did you mean 'until.status'?"),
    ('get = "/"', 'gte = "/"', "15: session[0].gte: unknown key; did you mean 'get'?"),
    ('get = "/"', "get = 5", "15: session[0].get: expected text, got a whole number"),
    ('get = "/"', 'get = "/"\npost = "/"', "16: session[0].post: a step is one request; get is there already"),
    ('get = "/"', "headers = {}", "14: session[0]: says nowhere where its request goes: get, post, put, patch or delete is missing"),
    ('get = "/"', 'get = "/"\njson = 1', "16: session[0].json: a GET has no body"),
    ('get = "/"', 'websocket = "/"', "15: session[0].websocket: belongs to a conversation: write it into `start` or `chat`"),
    ('get = "/"', 'get = "/"\nfollow_redirects = 1', "16: session[0].follow_redirects: expected true or false, got a whole number"),
    ('get = "/"', 'get = "/"\nquery = { a = [1, { b = nan }] }', "16: session[0].query.a[1].b: inf and nan are not part of the language"),
    ('visitor = "uuid4"', 'visitor = "uuid"', "20: session[1].make.visitor: expected uuid4, hexN, alnumN, unix_ms or iso8601, got 'uuid'"),
    ('visitor = "uuid4"', '"vis itor" = "uuid4"', '20: session[1].make."vis itor": this key is a name of up to 64 letters, digits and underscores'),
    ('id = "{visitor}" }', 'id = "{visitor}" }\njson = {}', "19: session[1].form: a step has one body; json is there already"),
    ('id = "{visitor}"', 'id = "{visitor"', "19: session[1].form.id: '{' at character 1 is no {name}; to mean a brace, write it twice"),
    ('post = "/api/{room}"\n', "", "24: chat: says nowhere where its request goes: get, post, put, patch or delete is missing"),
    ('query = { lang = "en", page = 1 }', 'text = "x"', "26: chat.text: a step has one body; json is there already"),
    ("[reply]", '[reply]\nextends = "django"', "32: reply.extends: unknown key; it belongs at the top of the file"),
    ("[reply]", "[[more]]\n[reply]", "31: more: unknown key; did you mean 'models'?"),
    ('cookies = { seen = "yes" }', 'cookies = { "se en" = "yes" }', '28: chat.cookies."se en": the name of a cookie is letters, digits, dashes and underscores'),
    ('headers = { X-Room = "{room}" }', 'headers = { Host = "x" }', "27: chat.headers.Host: belongs to the connection, and can not be set"),
    ('headers = { X-Room = "{room}" }', 'headers = { X-A = "1", x-a = "2" }', "27: chat.headers.x-a: is there already, as X-A: case does not matter"),
]

NAMES = [
    ('"{messages}"', '"{mesages}"', "29: chat.json.messages: {mesages} is never taken or made; did you mean 'messages'?"),
    ('"{messages}"', '"{model}"', "24: chat: sends nothing of what is said: neither {prompt} nor {messages} is in it"),
    ('"{temperature?}"', '"{temperature}"', "29: chat.json.heat: write {temperature?}: many clients do not say it"),
    ('"{temperature?}"', '"{env:HEAT?}"', "29: chat.json.heat: {env:...}: a secret that is not there is an error; write it without question mark"),
    ('"{temperature?}"', '"{ask:\\u001bHEAT}"', "29: chat.json.heat: {ask:...}: a reference holds no control characters"),
    ('"{temperature?}"', '"{keyring:heat}"', "29: chat.json.heat: {keyring:...}: expected {keyring:SERVICE/USER}"),
    ('content = "{text}"', 'content = "{text} {env:HEAT}"', "39: messages.item.content: {env:HEAT}: a message has {role} and {text}"),
    ('"{temperature?}"', '"{evn:HEAT}"', "29: chat.json.heat: {evn:...}: a reference begins with env:, file:, keyring: or ask:"),
    ('"{temperature?}"', '"{role}"', "29: chat.json.heat: {role} is known in `item` of [messages] only"),
    ("heat = ", '"{heat}" = ', '29: chat.json."{heat}": {heat} is never taken or made'),
    ('"/api/{room}"', '"/api/{conversation}"', "25: chat.post: {conversation} may be null in chat; here it needs a value that is taken or made"),
    ('"{temperature?}"', '[1, "{temprature?}"]', "29: chat.json.heat[1]: {temprature} is never taken or made; did you mean 'temperature'?"),
    ('id = "{visitor}"', 'id = "{conversation}"', "19: session[1].form.id: {conversation} may be null in chat; here it needs a value that is taken or made"),
    ('id = "{visitor}"', 'id = "{prompt}"', "19: session[1].form.id: {prompt} is known in chat only"),
    ('id = "{visitor}"', 'id = "{room}"', "19: session[1].form.id: {room} is taken later than it is sent"),
    ('id = "{visitor}"', 'id = "{vistor}"', "19: session[1].form.id: {vistor} is never taken or made; did you mean 'visitor'?"),
    ('X-CSRFToken = "{csrf}"', 'X-CSRFToken = "{crsf}"', "12: headers.X-CSRFToken: {crsf} is never taken or made; did you mean 'csrf'?"),
    ('X-CSRFToken = "{csrf}"', '"X-{crsf}" = "{csrf}"', "12: headers.\"X-{crsf}\": {crsf} is never taken or made; did you mean 'csrf'?"),
    ('csrf = { cookie = "csrftoken" }', 'csrf = { cookie = "csrftoken" }\nmodel = { meta = "m" }', "10: take.model: {model} has a meaning of its own; take another name"),
    ("take.room = ", "take.text = ", "22: session[1].take.text: {text} has a meaning of its own; take another name"),
    ("make.visitor = ", "make.seed = ", "20: session[1].make.seed: {seed} has a meaning of its own; take another name"),
    ('csrf = { cookie = "csrftoken" }', '"a b" = { cookie = "csrftoken" }', '9: take."a b": this key is a name of up to 64 letters, digits and underscores'),
]

ANSWERS = [
    ('cookie = "csrftoken"', 'cokie = "csrftoken"', "9: take.csrf.cokie: unknown key; did you mean 'cookie'?"),
    ('cookie = "csrftoken"', "cookie = 5", "9: take.csrf.cookie: expected text, got a whole number"),
    ('cookie = "csrftoken"', 'cookie = ""', "9: take.csrf.cookie: expected text, got empty text"),
    ('{ cookie = "csrftoken" }', '"s3cr3t"', "9: take.csrf: expected a source, got text"),
    ('{ cookie = "csrftoken" }', "{}", "9: take.csrf: says nowhere where the value is: cookie, header, meta, input, css, url, json or regex is missing"),
    ('cookie = "csrftoken"', 'cookie = "a", meta = "b"', "9: take.csrf.meta: a value has one place; cookie is there already"),
    ('cookie = "csrftoken"', 'meta = "a", attr = "b"', "9: take.csrf.attr: goes with css"),
    ('cookie = "csrftoken"', 'meta = "a", decode = "none"', "9: take.csrf.decode: none goes with cookie"),
    ('cookie = "csrftoken"', 'json = "a", decode = "base64"', "9: take.csrf.decode: there is nothing to decode"),
    ('cookie = "csrftoken"', 'cookie = "a", decode = "percent"', "9: take.csrf.decode: expected \"none\" or \"base64\", got 'percent'"),
    ('cookie = "csrftoken"', 'regex = "x"', "9: take.csrf.regex: has no group: put the value into round brackets"),
    ('cookie = "csrftoken"', 'regex = "(x"', "9: take.csrf.regex: not a regular expression: missing ) at position 2"),
    ('cookie = "csrftoken"', f'url = "(x{1000 * "x"})"', "9: take.csrf.url: longer than 1000 characters"),
    ('cookie = "csrftoken"', 'json = "a["', "9: take.csrf.json: not JMESPath: Incomplete expression"),
    ("{ status = [401, 403] }", "[]", "6: refused: expected a match or a list of matches, got an empty list"),
    ("{ status = [401, 403] }", "{}", "6: refused: an empty match would fit every answer"),
    ("{ status = [401, 403] }", "403", "6: refused: expected a match or a list of matches, got a whole number"),
    ("{ status = [401, 403] }", "[{ status = 403 }, { statsu = 1 }]", "6: refused[1].statsu: unknown key; did you mean 'status'?"),
    ("[401, 403]", '"6xx"', "6: refused.status: expected a status such as 403, a class such as \"5xx\" or a list of these, got '6xx'"),
    ("[401, 403]", "99", '6: refused.status: expected a status such as 403, a class such as "5xx" or a list of these, got 99'),
    ("[401, 403]", "[403, 1.5]", '6: refused.status[1]: expected a status such as 403 or a class such as "5xx", got a number with a fraction'),
    ("[401, 403]", "[]", '6: refused.status: expected a status such as 403, a class such as "5xx" or a list of these, got an empty list'),
    ("status = [401, 403]", "close = 99", "6: refused.close: a close code is a number from 1000 to 4999"),
    ("status = [401, 403]", "status = 403, close = 4001", "6: refused.close: stands alone: write the other keys into a match beside it"),
    ("status = [401, 403]", 'type = "html"', "6: refused.type: expected a content type without parameters, such as \"text/html\" or a list of these, got 'html'"),
    ("status = [401, 403]", 'type = "text/html; charset=utf-8"', "6: refused.type: expected a content type without parameters, such as \"text/html\" or a list of these, got 'text/html; charset=utf-8'"),
    ("status = [401, 403]", 'text = ["a", ""]', "6: refused.text[1]: expected text, got empty text"),
    ("status = [401, 403]", "json = {}", "6: refused.json: expected a record match, got an empty table"),
    ('url = "/chat"', 'url = "chat"', "21: session[1].expect.url: expected a path that begins with / or *, without space and # or a list of these, got 'chat'"),
    ('url = "/chat"', 'url = "/chat#a"', "21: session[1].expect.url: expected a path that begins with / or *, without space and # or a list of these, got '/chat#a'"),
]

REPLIES = [
    ('sse = "v"\n', "", "31: reply: says nowhere where the text is: json, sse, ndjson, websocket, socketio, html or text is missing"),
    ('sse = "v"', 'sse = "v"\njson = "v"', "32: reply.sse: a reply has one format; json is there already"),
    ('sse = "v"', 'websocket = "v"', "32: reply.websocket: is read from the frames of a websocket step, and the last chat step is none"),
    ('sse = "v"', 'socketio = "v"', "32: reply.socketio: is read from the frames of a socketio step, and the last chat step is none"),
    ('sse = "v"', "text = false", "32: reply.text: says nothing where it is false; write true, or another format"),
    ('sse = "v"', "text = true", "33: reply.where: is for replies that hold JSON, and text is the body as it comes"),
    ('sse = "v"\nwhere = { type = "token" }\ndone = "[DONE]"', "text = true", "33: reply.error: is for replies that hold JSON, and text is the body as it comes"),
    ('sse = "v"', 'html = "p"', "33: reply.where: is for replies that hold JSON, and html is a page"),
    ('sse = "v"\nwhere = { type = "token" }\ndone = "[DONE]"\nerror = "error.message"', 'html = "p"', "33: reply.usage: is for replies that hold JSON, and html is a page"),
    ('sse = "v"\nwhere = { type = "token" }\ndone = "[DONE]"\nerror = "error.message"\nusage = { input = "in", output = "out" }', 'html = "p"\nerror = { ok = false }', "33: reply.error: is a CSS selector here: the reply is in a page"),
    ('sse = "v"', 'ses = "v"', "32: reply.ses: unknown key; did you mean 'sse'?"),
    ('sse = "v"', 'json = "v"', "33: reply.where: is for replies that come in records, and json is one document"),
    ('sse = "v"', "sse = []", "32: reply.sse: expected text, got an empty list"),
    ('{ type = "token" }', "{}", "33: reply.where: expected a record match, got an empty table"),
    ('{ type = "token" }', "{ type = [] }", "33: reply.where.type: expected text, a number, true or false or a list of these, got an empty list"),
    ('{ type = "token" }', "{ type = [[1]] }", "33: reply.where.type[0]: expected text, a number, true or false, got a list"),
    ('{ type = "token" }', '{ "a[" = 1 }', '33: reply.where."a[": not JMESPath: Incomplete expression'),
    ('{ type = "token" }', "{ type = 2e400 }", "33: reply.where.type: inf and nan are not part of the language"),
    ('done = "[DONE]"', 'done = ""', "34: reply.done: expected text or a record match, got empty text"),
    ('done = "[DONE]"', "done = { type = 1979-05-27 }", "34: reply.done.type: dates and times are not part of the language; write them as text"),
    ('done = "[DONE]"', "cumulative = 1", "34: reply.cumulative: expected true or false or a record match, got a whole number"),
    ('"error.message"', '"length("', "35: reply.error: not JMESPath: Incomplete expression"),
    ('input = "in"', 'inputs = "in"', "36: reply.usage.inputs: unknown key; did you mean 'input'?"),
    ('output = "out"', 'output = "o["', "36: reply.usage.output: not JMESPath: Incomplete expression"),
]

MESSAGES = [
    ('role = "{role}"', 'role = "{rol}"', "39: messages.item.role: {rol}: a message has {role} and {text}"),
    ('content = "{text}"', 'content = "{prompt}"', "39: messages.item.content: {prompt}: a message has {role} and {text}"),
    ('content = "{text}"', 'content = "text"', "39: messages.item: says nowhere where the {text} of a message goes"),
    ('assistant = "ai"', 'asistant = "ai"', "40: messages.roles.asistant: unknown role; did you mean 'assistant'?"),
    ('assistant = "ai"', "assistant = 1", "40: messages.roles.assistant: expected text, got a whole number"),
    ('"message"', '"prefix"', "41: messages.system: expected \"message\", \"prepend\", \"drop\" or \"refuse\", got 'prefix'"),
    ('"message"', '"message"\nmake.id = "uuid5"', "42: messages.make.id: expected uuid4, hexN, alnumN, unix_ms or iso8601, got 'uuid5'"),
    ('"message"', '"message"\nmake.text = "uuid4"', "42: messages.make.text: {text} has a meaning of its own; take another name"),
    ('role = "{role}", content = "{text}" }', 'role = "{rol}", content = "{text}" }\nmake.id = "uuid4"', "39: messages.item.role: {rol}: a message has {role}, {text} and {id}"),
    ("[messages]", '[conversation]\nhistory = "id"\n[messages]', "39: conversation.history: id: the conversation is found by its id; put {conversation} into chat"),
    ('query = { lang = "en", page = 1 }', 'every = "2s"', "26: chat.every: goes with until: a step without it is not repeated"),
    ('query = { lang = "en", page = 1 }', "refresh = true", "26: chat.refresh: is for session steps"),
    ("[messages]", '[conversation]\nhistory = "sesion"\n[messages]', "39: conversation.history: expected \"client\", \"session\", \"connection\", \"id\" or \"none\", got 'sesion'"),
]

LIMITS = [
    ('"30s"', '"5 min"', "44: limits.timeout: expected a duration such as \"500ms\", \"60s\" or \"30m\", got '5 min'"),
    ('"30s"', '"0s"', '44: limits.timeout: expected more than nothing and at most "100d", got 0s'),
    ('"30s"', '"101d"', '44: limits.timeout: expected more than nothing and at most "100d", got 101d'),
    ('"30s"', "30", '44: limits.timeout: expected a duration such as "500ms", "60s" or "30m", got a whole number'),
    ('"30s"', '"30s\\n"', "44: limits.timeout: expected a duration such as \"500ms\", \"60s\" or \"30m\", got '30s\\n'"),
    ('"1MB"', '"1 MB"', "45: limits.reply_bytes: expected a whole number from 1 or a size such as \"64kB\" or \"8MB\", got '1 MB'"),
    ('"1MB"', "0", '45: limits.reply_bytes: expected a whole number from 1 or a size such as "64kB" or "8MB", got 0'),
    ('"1MB"', '"5GB"', '45: limits.reply_bytes: expected more than nothing and at most "1GB", got 5GB'),
    ('"1MB"', "1" * 5000, "45: a whole number has 64 bits at most"),
    ('"1MB"', "0x" + "f" * 5000, "45: limits.reply_bytes: a whole number has 64 bits at most"),
    ('timeout = "30s"', "concurrency = 0", "44: limits.concurrency: expected a whole number from 1, got 0"),
    ('timeout = "30s"', "concurrency = true", "44: limits.concurrency: expected a whole number from 1, got true or false"),
    ('timeout = "30s"', "per_minute = 0", "44: limits.per_minute: expected a number above 0, got a whole number"),
    ('timeout = "30s"', "per_minute = inf", "44: limits.per_minute: inf and nan are not part of the language"),
    ('timeout = "30s"', 'session_age = "0s"', '44: limits.session_age: expected more than nothing and at most "100d", got 0s'),
]

SECRETS = [
    ('user = "guest"', 'password = "hunter2"', "19: session[1].form.password: looks like a secret in clear text; write a reference, such as {env:NAME}"),
    ('X-CSRFToken = "{csrf}"', 'X-CSRFToken = "a1B2c3D4e5F6g7H8i9"', "12: headers.X-CSRFToken: looks like a secret in clear text; write a reference, such as {env:NAME}"),
]
# fmt: on


@pytest.mark.parametrize(
    ("old", "new", "said"), [*TOP, *URLS, *STEPS, *NAMES, *ANSWERS, *REPLIES, *MESSAGES, *LIMITS, *SECRETS]
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, said: str) -> None:
    """File, line, key, what is wrong, and the nearest right one where there is one."""
    with pytest.raises(SiteFileError) as error:
        loads_site(changed(old, new), "bot.toml")
    assert str(error.value) == f"bot.toml:{said}"


SMALL = """\
schema = 1
name = "small"
url = "https://bot.example.org"
"""

# fmt: off
WHOLE = [
    ('[chat]\npost = "/c"\njson = "{prompt}"\n[reply]\njson = "r"\n[conversation]\nhistory = "client"', "10: conversation.history: client: each request carries all turns; put {messages} or {history} into chat"),
    ('[chat]\npost = "/c"\njson = "{prompt}"\n[reply]\njson = "r"\n[conversation]\nhistory = "none"\n[messages]\nsystem = "message"', "12: messages.system: message needs {messages} or {history} in chat, which carry it"),
    ('[chat]\npost = "/c"\njson = "{history}"\n[reply]\njson = "r"', "4: chat: sends nothing of what is said: neither {prompt} nor {messages} is in it"),
    ('chat = []\n[reply]\njson = "r"', "4: chat: expected a step or a list of steps, got an empty list"),
    ('[chat]\npost = "/c"\njson = "{messages}"', "1: reply: is missing"),
    ('extends = "django"\n[reply]\njson = "r"', "4: chat: is missing"),
    ('extends = "django"\n[chat]\npost = "/c"\njson = "{messages}"\n[reply]\njson = "r"\n[headers]\nX = "{crsf}"', "11: headers.X: {crsf} is never taken or made; did you mean 'csrf'?"),
    ("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.b = 1", "4: nested too deeply; 64 levels are the most"),
    ("[chat", "4: not TOML: expected ']' at the end of a table declaration"),
]
# fmt: on


@pytest.mark.parametrize(("rest", "said"), WHOLE)
def test_a_mistake_of_the_whole_is_told_with_its_place(rest: str, said: str) -> None:
    """What is missing has the line of what is around it, or of the preset that did not bring it."""
    with pytest.raises(SiteFileError) as error:
        loads_site(SMALL + rest, "small.toml")
    assert str(error.value) == f"small.toml:{said}"
