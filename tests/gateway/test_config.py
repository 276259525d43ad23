"""The config file: checked strictly, and every error names its line."""

from pathlib import Path

import pytest

from chatdoor.errors import ArgumentError, SiteFileError
from chatdoor.gateway.config import parse_config, read_config

WHOLE = """
sites = ["voigpt", "bots/ours.toml"]
host = "127.0.0.1"
port = 8400
allowed_hosts = ["chat.example.org"]
cors = ["https://app.example.org"]
strict = true
heartbeat = "5s"
max_body = "1MB"
aliases = { "gpt-4o" = "voigpt" }

[[keys]]
key = "env:TEAM"
sites = ["voigpt"]
per_minute = 60
"""


def test_a_whole_config() -> None:
    """Units are read, what is not said has its default, paths are meant from the file's folder."""
    config = parse_config(WHOLE, "gateway.toml", Path("/etc/gateway"))
    assert (config.heartbeat, config.grace, config.body_bytes) == (5.0, 30.0, 1_000_000)
    assert (config.table.aliases, config.table.keys[0].per_minute) == ({"gpt-4o": "voigpt"}, 60)
    assert [config.site_source(site) for site in config.table.sites] == ["voigpt", "/etc/gateway/bots/ours.toml"]


def test_nothing_is_a_config_too() -> None:
    """Every key can be left out."""
    assert parse_config("").table.sites == []


WRONG = [
    ("stric = true", "c.toml:1: stric: unknown key; did you mean 'strict'?"),
    ("\nport = 70000", "c.toml:2: port: expected a port from 0 to 65535, got 70000"),
    ('strict = "yes"', "c.toml:1: strict: expected true or false, got text"),
    ('[[keys]]\nkey = "secret-itself"', "c.toml:2: keys[0].key: expected env:NAME, file:PATH or sha256:DIGEST, got"),
    ('[[keys]]\nkey = "env:A"\nper_minut = 1', "c.toml:3: keys[0].per_minut: unknown key; did you mean 'per_minute'?"),
    ("[[keys]]\nper_day = 1", "keys[0].key: is missing"),
    ('[[keys]]\nkey = "env:A"\nper_day = 0', "c.toml:3: keys[0].per_day: expected a whole number from 1"),
    ('heartbeat = "soon"', "c.toml:1: heartbeat: expected a duration"),
    ('max_body = "0B"', "c.toml:1: max_body: expected more than nothing"),
    ('side_requests = "maybe"', "c.toml:1: side_requests: expected"),
    ('trust_user_header = ["X: y"]', "c.toml:1: trust_user_header[0]: expected the name of a header"),
    ("port = ", "c.toml:1: not TOML"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_config_names_the_place(text: str, said: str) -> None:
    """File, line, key and what is expected; the nearest where a key is none."""
    with pytest.raises(SiteFileError) as error:
        parse_config(text, "c.toml")
    assert said in str(error.value)


def test_a_config_that_is_not_there_is_a_wrong_argument(tmp_path: Path) -> None:
    """It is the command line that names it."""
    with pytest.raises(ArgumentError, match=r"none\.toml: can not be read"):
        read_config(tmp_path / "none.toml")
