"""Where settings come from: the option, the environment, the config file, the site file, the default."""

from collections.abc import Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from chatdoor.cli.config import Setting
from chatdoor.cli.settings import Settings, with_settings
from chatdoor.errors import ArgumentError


class Settle:
    """Gives the settings of a command line, in an environment and with a config file of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.toml"
        self._folder = folder
        self._found: list[Settings] = []

    def __call__(self, *arguments: str, env: Mapping[str, str] | None = None) -> Settings:
        @click.command()
        @with_settings
        def command(settings: Settings) -> None:
            self._found.append(settings)

        variables = {"CHATDOOR_CONFIG_DIR": str(self._folder), "CHATDOOR_VOIGPT_URL": ""} | dict(env or {})
        result = CliRunner().invoke(command, arguments, env=variables)
        if isinstance(result.exception, ArgumentError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return self._found.pop()


@pytest.fixture
def settle(tmp_path: Path) -> Settle:
    """The settings of a command line."""
    return Settle(tmp_path)


def test_nothing_is_set_by_default(settle: Settle) -> None:
    """Without a word from anybody the practice site is visited, and the rest is as its file says."""
    settings = settle()
    assert settings.starts_practice
    values = {name: getattr(settings, name) for name in settings.__struct_fields__ if name != "site"}
    assert set(values.values()) == {None, False}


def test_the_option_wins_over_the_environment_over_the_file(settle: Settle) -> None:
    """Each place counts only where those before it say nothing."""
    settle.file.write_text("timeout = 3\nsite = 'voigpt'\n")
    assert settle().timeout == 3
    assert settle(env={"CHATDOOR_TIMEOUT": "2.5"}).timeout == 2.5
    assert settle("--timeout", "1", env={"CHATDOOR_TIMEOUT": "2.5"}).timeout == 1
    assert settle().site == "voigpt"
    assert settle("--site", "practice").site == "practice"


VALUES: dict[str, tuple[object, str]] = {
    "site": ("voigpt", "voigpt"),
    "proxy": ("http://127.0.0.1:3128", "http://127.0.0.1:3128"),
    "timeout": (7.5, "7.5"),
    "user-agent": ("ours/1", "ours/1"),
    "trust-env": (True, "true"),
    "per-minute": (5, "5"),
}


@pytest.mark.parametrize("key", VALUES)
def test_every_setting_has_a_variable_and_a_key(settle: Settle, key: str) -> None:
    """The name of the option is the key in the file, and in capitals the variable."""
    value, text = VALUES[key]
    name = key.replace("-", "_")
    settle.file.write_text(f"{key} = {value!r}".replace("True", "true"))
    assert getattr(settle("--url", "http://127.0.0.1"), name) == value
    settle.file.unlink()
    variable = {f"CHATDOOR_{name.upper()}": text}
    assert getattr(settle("--url", "http://127.0.0.1", env=variable), name) == value


def test_paths_in_the_file_begin_at_its_folder(settle: Settle) -> None:
    """A config file means the same in whatever folder the program is started."""
    settle.file.write_text("site = 'our/bot.toml'\nca-file = 'ca.pem'")
    settings = settle()
    assert Path(settings.site) == settle.file.parent / "our" / "bot.toml"
    assert Path(settings.ca_file or "") == settle.file.parent / "ca.pem"


def test_what_belongs_to_one_site_is_no_setting() -> None:
    """A token or URL that stood in the environment would go to whatever site is named on the command line."""

    @click.command()
    @with_settings
    def command(settings: Settings) -> None: ...

    for option in command.params:
        if option.name in {"url", "model", "system", "access_token", "fresh", "verbose"}:
            assert not isinstance(option, Setting)
            assert not option.envvar


def test_ones_own_voigpt_is_named_by_the_environment(settle: Settle) -> None:
    """CHATDOOR_VOIGPT_URL is for voigpt alone, and --url goes before it."""
    own = {"CHATDOOR_VOIGPT_URL": "http://127.0.0.1:8000"}
    assert settle("--site", "voigpt", env=own).url == "http://127.0.0.1:8000"
    assert settle("--site", "voigpt", "--url", "http://127.0.0.1:9000", env=own).url == "http://127.0.0.1:9000"
    assert settle("--site", "practice", env=own).url is None
    assert settle("--site", "voigpt").url is None
    with pytest.raises(ArgumentError, match=r"^CHATDOOR_VOIGPT_URL: expected a URL"):
        settle("--site", "voigpt", env={"CHATDOOR_VOIGPT_URL": "ftp://127.0.0.1"})


def test_the_practice_site_of_this_process_needs_no_proxy(settle: Settle) -> None:
    """A proxy that is set for other sites could not reach it; one on the command line is taken at its word."""
    env = {"CHATDOOR_PROXY": "http://proxy.example:3128", "CHATDOOR_TRUST_ENV": "1"}
    assert (settle(env=env).proxy, settle(env=env).trust_env) == (None, False)
    assert settle("--proxy", "http://127.0.0.1:1", "--trust-env", env=env).proxy == "http://127.0.0.1:1"
    far = settle("--site", "voigpt", env=env)
    assert (far.proxy, far.trust_env) == ("http://proxy.example:3128", True)


def test_a_setting_can_be_taken_back(settle: Settle) -> None:
    """A proxy or flag from the environment is undone by the option."""
    env = {"CHATDOOR_PROXY": "http://proxy.example:3128", "CHATDOOR_TRUST_ENV": "1"}
    settings = settle("--site", "voigpt", "--proxy", "", "--no-trust-env", env=env)
    assert (settings.proxy, settings.trust_env) == ("", False)


WRONG = {
    "tmeout = 3": "tmeout: unknown key; did you mean 'timeout'?",
    "timeout = 'long'": "timeout: expected a number",
    "timeout = true": "timeout: expected a number",
    "trust-env = 1": "trust-env: expected true or false",
    "site = 3": "site: expected text",
    "access-token = 'x'": "access-token: unknown key",
    "site = ": "not TOML: ",
    "site = 'caf\xe9'": "not TOML: expected UTF-8 text",
    f"site = {'[' * 5000}": "not TOML: ",
    "#" * 200_000: "larger than 100000 bytes",
}


@pytest.mark.parametrize(("text", "problem"), WRONG.items(), ids=WRONG.values())
def test_a_wrong_config_file_is_an_error(settle: Settle, text: str, problem: str) -> None:
    """The error names the file and the key."""
    settle.file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ArgumentError) as caught:
        settle()
    assert str(caught.value).startswith(f"{settle.file}: {problem}")


def test_a_config_file_that_can_not_be_read_is_an_error(settle: Settle) -> None:
    """A folder in its place is not taken for no file at all."""
    settle.file.mkdir()
    with pytest.raises(ArgumentError, match="can not be read"):
        settle()
