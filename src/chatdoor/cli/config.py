"""The user's config file: `config.toml`, whose keys are names of options."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from chatdoor.drive.folders import config_folder
from chatdoor.errors import ArgumentError
from chatdoor.site.nearest import nearest

FOLDER_VARIABLE: Final = "CHATDOOR_CONFIG_DIR"

MAX_BYTES: Final = 100_000

_TYPES: Final[Mapping[str, tuple[tuple[type, ...], str]]] = {
    "text": ((str,), "text"),
    "path": ((str,), "text"),
    "float": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
}
"""click's name of an option's type -> the types of TOML that fit, and their name."""


class Setting(click.Option):
    """An option that may also stand in the environment and in the config file, in this order."""

    @property
    def key(self) -> str:
        """Its key in the config file: `ca-file` for `--ca-file`."""
        return self.opts[0].removeprefix("--")

    def get_default(self, ctx: click.Context, call: bool = True) -> object:
        """What the config file says, else the default. Raises ArgumentError for a file that can not be used."""
        if call and not ctx.resilient_parsing and self.key in (config := _config(ctx)):
            return config[self.key]
        return super().get_default(ctx, call)


def config_file() -> Path:
    """Where the config file is, if there is one."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return (Path(folder) if folder else config_folder()) / "config.toml"


def _config(ctx: click.Context) -> Mapping[str, object]:
    """The config file, read once for each command."""
    if (config := ctx.meta.get(__name__)) is None:
        settings = [option for option in ctx.command.params if isinstance(option, Setting)]
        config = ctx.meta[__name__] = _read(config_file(), {option.key: option.type.name for option in settings})
    return config


def _read(file: Path, types: Mapping[str, str]) -> Mapping[str, object]:
    """The file's settings, checked. `types` are the known keys, and click's names of their types."""
    config = _parse(file)
    for key, value in config.items():
        if key not in types:
            raise ArgumentError(f"{file}: {key}: unknown key{nearest(key, types)}")
        fitting, name = _TYPES[types[key]]
        if not isinstance(value, fitting) or (isinstance(value, bool) and bool not in fitting):
            raise ArgumentError(f"{file}: {key}: expected {name}")
    return {key: _at_home(file.parent, key, value) for key, value in config.items()}


def _parse(file: Path) -> dict[str, object]:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ArgumentError(f"{file}: can not be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise ArgumentError(f"{file}: larger than {MAX_BYTES} bytes")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        reason = error if isinstance(error, tomllib.TOMLDecodeError) else "expected UTF-8 text, not nested deeply"
        raise ArgumentError(f"{file}: not TOML: {reason}") from error


def _at_home(folder: Path, key: str, value: object) -> object:
    """The value; a path is meant from the config file's own folder."""
    is_path = key == "ca-file" or (key == "site" and ("/" in str(value) or str(value).endswith(".toml")))
    return str(folder / Path(str(value)).expanduser()) if is_path else value
