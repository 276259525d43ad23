"""How many files a process may open, where the system bounds them: each connection is one."""

from typing import Final

from chatdoor.errors import ArgumentError

CONNECTIONS: Final = 1_000
FEWEST: Final = 4
OTHER_FILES: Final = 32

FILES_LEAST: Final = OTHER_FILES + FEWEST
"""With fewer there is room for nobody."""


def files_most() -> int | None:
    """The bound; None where there is none."""
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return files if files > 0 else None


def connections_most() -> int:
    """How many connections there may be: each may need a second one, to a site, and some files are open anyway."""
    files = files_most()
    return CONNECTIONS if files is None else min(CONNECTIONS, max(FEWEST, (files - OTHER_FILES) // 2))


def check_files() -> None:
    """Raises ArgumentError where they are too few to serve anybody."""
    files = files_most()
    if files is not None and files < FILES_LEAST:
        raise ArgumentError(
            f"only {files} files may be open at a time, and a gateway needs {FILES_LEAST}; see ulimit -n"
        )
