"""Forms in parts, scrubbed: their secrets go, and they can still be taken apart."""

from chatdoor.discover.har import read_har
from chatdoor.discover.scrub import prove, scrub
from tests.discover.har_file import entry, har, headers

BOUNDARY = "----WebKitFormBoundaryXPSsBq8r0jTiNjsY"
KIND = f"multipart/form-data; boundary={BOUNDARY}"
TOKEN = "mlibUvnl4XbRRpYv9h8yfccGjZovGL3K"


def part(name: str, value: str) -> str:
    """One field."""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


def test_the_parts_stay_apart() -> None:
    """What stands between them is random, and no secret."""
    text = f"{part('csrf', TOKEN)}{part('message', 'Where is my parcel?')}--{BOUNDARY}--\r\n"
    sent = {"headers": headers(content_type=KIND), "postData": {"mimeType": KIND, "text": text}}
    done = scrub(har(entry(request=sent)), "a.har")
    prove(done.data, "a.har", done.rewriter)
    (only,) = read_har(done.data, "a.har").exchanges
    assert dict(only.request.fields)["message"] == "Where is my parcel?"
    assert TOKEN not in done.data.decode()
