"""A login that fails, on a real framework: the error names the step, what was expected and what came."""

import pytest

from chatdoor.errors import LoginFailed
from tests.servers.stacks.accounts import USER
from tests.servers.stacks.fixtures import Stack
from tests.stacks.doors import DOORS, site_of

TOLD = {
    "django_login": "django-login: step 2 of 2, POST /login/: expected a redirect to /, "
    "got HTTP 200 with the login form again: wrong user or password?",
    "tornado": "tornado: step 2 of 2, POST /login: expected a redirect to /, "
    "got HTTP 200 with the login form again: wrong user or password?",
    "gradio": "gradio: POST /login: the site did not accept the sign-in: expected JSON in which success is true, "
    'got HTTP 400, application/json: "{"detail":"Incorrect credentials."}"',
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", TOLD)
def test_a_wrong_password_is_told(name: str, door: str, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password is not."""
    monkeypatch.setenv("STACK_USER", USER)
    monkeypatch.setenv("STACK_PASSWORD", "not hers")
    with DOORS[door](site_of(stack(name))) as ask, pytest.raises(LoginFailed) as failed:
        ask([{"role": "user", "content": "Hello"}])
    assert str(failed.value) == TOLD[name]
