"""What a person can do about each error, in a sentence."""

from collections.abc import Mapping
from typing import Final

WAYS_OUT: Final[Mapping[str, str]] = {
    "argument_error": "Change the request as the message says.",
    "site_file_error": "Mend the site file at the line that the message names, then start the gateway again.",
    "secret_missing": "Give the gateway what the message names: the secret, or --allow-secrets.",
    "context_length_exceeded": "Send a shorter message, or begin a new conversation.",
    "token_not_found": "The page has changed: compare the site file with it (chatdoor sites explain).",
    "session_refused": "Ask again in a while. If it stays, the site wants another token or a login: see its site file.",
    "login_failed": "Check the user and the password that the site file names.",
    "session_error": "Open the site in a browser and see whether it lets you in.",
    "conversation_lost": "Begin a new conversation: the site has forgotten this one.",
    "conversation_busy": "Wait until its last turn has ended, then ask again.",
    "bot_check_met": "The site asks for a person. Ask its operator for access by program.",
    "rate_limit_exceeded": "Wait, then ask again. A slower pace in the site file keeps this from happening.",
    "content_filter": "Say it in other words: the site's own rules refuse this prompt.",
    "unexpected_reply": "The site answers otherwise than its file says: compare [reply] with what came.",
    "site_failed": "The site itself has an error. Ask again in a while, or tell its operator.",
    "reply_cut_short": "Ask again. If it stays, the site or a proxy before it breaks long answers off.",
    "reply_too_large": "Ask for less, or raise the limit in the site file.",
    "reply_error": "Ask again; if it stays, compare the site file with what the site answers.",
    "connect_failed": "Check that the site is up, and the network and the proxy on the way to it.",
    "write_failed": "Check the network, then ask again: the site may have heard a part.",
    "read_failed": "Check the network, then ask again: the site may have heard the prompt.",
    "redirect_refused": "If the site has moved, put its new host into the site file.",
    "transport_error": "Check the network on the way to the site.",
    "timed_out": "Ask again when the site is less busy, or raise its timeout in the site file.",
    "state_error": "Check that the folder for kept sessions can be written.",
    "state_down": "Ask again in a moment. If it stays, see to the Redis server that the gateways share.",
    "internal_error": "The gateway's log says more; please report it.",
}
"""The error's code -> the way out."""


def way_out(code: str | None) -> str:
    """What to do about an error; nothing where it says so itself."""
    return WAYS_OUT.get(code or "", "")
