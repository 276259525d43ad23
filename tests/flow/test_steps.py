"""Rules of steps: what is tried again, what every answer is searched for, what has to come."""

import pytest

from chatdoor.errors import ChatdoorError, ReadFailed, SiteFailed
from chatdoor.site import Site
from tests.flow.script import Said, Script, said
from tests.flow.test_talk import answer, site_with


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
