"""Reading site files: from a name, a path or a text to a site.

A name is one of the files under `known/`; a preset is one under `presets/`. Nothing else is looked up.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from chatdoor.errors import ArgumentError, SiteFileError
from chatdoor.site import file
from chatdoor.site.compile import compile_site
from chatdoor.site.merge import merge
from chatdoor.site.mistakes import problem_of
from chatdoor.site.model import Site
from chatdoor.site.nearest import nearest
from chatdoor.site.problem import Problem, locate, one_line, quote
from chatdoor.site.toml import MAX_CHARS, Table, check_plain, parse_toml
from chatdoor.site.urls import UrlError, parse_url

HERE: Final = Path(__file__).parent
"""The package as it lies on the disk. `importlib.resources` would double the time of the import."""


def load_site(source: str | Path, *, url: str | None = None) -> Site:
    """The site that a known name or a file describes.

    `url` takes the place of the file's own: the same chatbot on another host. Raises SiteFileError, which
    names file, line and key, and ArgumentError for a name that is neither known nor a file.
    """
    if not isinstance(source, str | Path):
        raise ArgumentError(f"site: expected a name or a path, got {type(source).__name__}")
    if isinstance(source, Path) or source.endswith(".toml") or Path(source).name != source:
        return loads_site(read_file(Path(source)), str(source), url=url)
    known = known_sites()
    if source not in known:
        raise ArgumentError(f"site {quote(source)}: neither a known site nor a .toml file{nearest(source, known)}")
    return loads_site(known[source].read_text("utf-8"), source, url=url)


def loads_site(text: str, source: str = "<text>", *, url: str | None = None) -> Site:
    """The site that a TOML text describes. `source` names the text in errors."""
    if url is not None:
        _check_url(url)
    try:
        checked = read_table(text, source, url=url)
        return compile_site(checked, text, hashlib.sha256(f"{text}\n{checked.url}".encode()).hexdigest())
    except Problem as problem:
        raise locate(problem, text, source) from problem


def read_table(text: str, source: str = "<text>", *, url: str | None = None) -> file.SiteTable:
    """The tables of a site file, those of its presets below. Raises Problem, or what is wrong with the TOML."""
    own = parse_toml(text, one_line(source))
    check_plain(own)
    table = _with_presets(own)
    return _convert(table if url is None else {**table, "url": url})


def known_sites() -> Mapping[str, Path]:
    """Name and file of every site that ships with chatdoor."""
    return _shipped("known")


def presets() -> Mapping[str, Path]:
    """Name and file of every preset."""
    return _shipped("presets")


def _shipped(folder: str) -> dict[str, Path]:
    return {path.stem: path for path in sorted((HERE / folder).glob("*.toml"))}


def _check_url(url: str) -> None:
    try:
        parse_url(url)
    except UrlError as error:
        raise ArgumentError(f"url: {one_line(str(error))}") from error


def read_file(path: Path) -> str:
    """The text of a file of ours. Raises SiteFileError where it can not be read or is no text."""
    name = one_line(str(path))
    try:
        with path.open("rb") as stream:
            data = stream.read(4 * MAX_CHARS + 1)  # a character has four bytes at most
    except (OSError, ValueError) as error:  # a ValueError: the path holds a null character
        raise SiteFileError(f"can not be read: {getattr(error, 'strerror', None) or error}", file=name) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SiteFileError("not UTF-8 text", file=name, line=data.count(b"\n", 0, error.start) + 1) from error


def _with_presets(own: Table) -> Table:
    """The presets that the file extends, and the file over them. What is no preset's name is left to the types."""
    names = own.get("extends", [])
    table, shipped = Table(), presets()
    for name in [names] if isinstance(names, str) else names if isinstance(names, list) else []:
        if isinstance(name, str) and name not in shipped:
            raise Problem(("extends",), f"there is no preset {quote(name)}{nearest(name, shipped)}")
        if isinstance(name, str):
            table = merge(table, parse_toml(shipped[name].read_text("utf-8"), f"preset {name}"))
    return merge(table, own)


def _convert(table: Table) -> file.SiteTable:
    version = table.get("schema")
    if isinstance(version, int) and version != 1:  # before the keys: another version has others
        raise Problem(("schema",), f"this version of chatdoor reads schema 1, not {version}")
    try:
        return msgspec.convert(table, file.SiteTable)
    except msgspec.ValidationError as error:
        raise problem_of(error, table) from error
