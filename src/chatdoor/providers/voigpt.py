"""VoiGPT, the provider with which chatdoor began."""

from typing import ClassVar

from chatdoor.providers.site_provider import SiteProvider


class VoiGpt(SiteProvider):
    """A Django chatbot: GET the page, take the `csrftoken` cookie, POST the messages, give the `response`.

    For one's own deployment: `url=` in a call, `url` in a subclass, or CHATDOOR_VOIGPT_URL, in this order.
    The public site was reported down in 2023, which is what `working` says.
    """

    site = "voigpt"
    url_variable = "CHATDOOR_VOIGPT_URL"
    url = "https://voigpt.com"
    working = False
    supports_gpt_35_turbo = True
    supports_message_history = True
    supports_stream = False
    _access_token: ClassVar[str | None] = None
