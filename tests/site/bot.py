"""A whole site file with most of what is built in it, for tests that change one thing."""

BOT = """\
schema = 1
name = "bot"
url = "https://bot.example.org"
models = ["small", "large"]
hosts = ["api.example.org"]
refused = { status = [401, 403] }

[take]
csrf = { cookie = "csrftoken" }

[headers]
X-CSRFToken = "{csrf}"

[[session]]
get = "/"

[[session]]
post = "/login"
form = { user = "guest", id = "{visitor}" }
make.visitor = "uuid4"
expect = { url = "/chat" }
take.room = { css = "main", attr = "data-room" }

[chat]
post = "/api/{room}"
query = { lang = "en", page = 1 }
headers = { X-Room = "{room}" }
cookies = { seen = "yes" }
json = { messages = "{messages}", model = "{model}", heat = "{temperature?}" }

[reply]
sse = "v"
where = { type = "token" }
done = "[DONE]"
error = "error.message"
usage = { input = "in", output = "out" }

[messages]
item = { role = "{role}", content = "{text}" }
roles = { assistant = "ai" }
system = "message"

[limits]
timeout = "30s"
reply_bytes = "1MB"
"""


def changed(old: str, new: str) -> str:
    """The file with one part of it changed; that part must be there once."""
    assert BOT.count(old) == 1, old
    return BOT.replace(old, new)
