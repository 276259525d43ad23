"""Sessions and conversations kept between runs: a second question opens no second session, and can go on."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatdoor.cli.output import complain
from chatdoor.drive.folders import state_folder
from chatdoor.drive.store import FileStore, Scope
from chatdoor.errors import StateError
from chatdoor.flow.session import Session

if TYPE_CHECKING:
    from chatdoor.drive.conversation_file import ConversationFile

FOLDER_VARIABLE: Final = "CHATDOOR_STATE_DIR"


def kept_folder() -> Path:
    """The folder for what is kept between runs."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return Path(folder) if folder else state_folder()


def session_files() -> FileStore:
    """The kept sessions of this user."""
    return FileStore(kept_folder() / "sessions")


def conversation_file() -> "ConversationFile":
    """The kept conversations of this user."""
    from chatdoor.drive.conversation_file import ConversationFile  # loads a database

    return ConversationFile(kept_folder() / "conversations.db")


def usable_conversations() -> "ConversationFile | None":
    """The kept conversations. Where there can be none, it warns: a reply counts more."""
    store = conversation_file()
    try:
        store.get("")
    except StateError as error:
        complain(f"warning: {error}")
        return None
    return store


class Sessions:
    """A store for one run: it never stops a reply. `fresh`: what was kept before is not used."""

    def __init__(self, store: FileStore, *, fresh: bool) -> None:
        self._store = store
        self._fresh = fresh
        self._warned = False

    def load(self, scope: Scope) -> Session | None:
        """The session that was kept, None where there is none or it is not wanted."""
        return None if self._fresh else self._store.load(scope)

    def save(self, scope: Scope, session: Session) -> None:
        """Keeps the session. Where that can not be, it warns, once."""
        try:
            self._store.save(scope, session)
        except StateError as error:
            if not self._warned:
                complain(f"warning: {error}")
            self._warned = True
