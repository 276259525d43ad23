"""What `chatdoor serve` serves: the command line and the config file together, read at the start and at each reload."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import UnsetType

from chatdoor.cli.references import resolve
from chatdoor.cli.serve_keys import all_keys, check_names, check_open
from chatdoor.cli.serve_plan import Plan
from chatdoor.cli.serve_workers import check_apart, own_pace
from chatdoor.cli.settings import PRACTICE
from chatdoor.cli.wishes import STDERR
from chatdoor.drive.access import Timeout
from chatdoor.drive.store import FileStore
from chatdoor.drive.visitor import Options
from chatdoor.errors import ArgumentError
from chatdoor.gateway.access_log import AccessLog
from chatdoor.gateway.address import own_hosts
from chatdoor.gateway.config import Config
from chatdoor.gateway.guard import Guard
from chatdoor.gateway.house import House
from chatdoor.gateway.keys import Keys
from chatdoor.gateway.renewal import Renewed
from chatdoor.gateway.shares import Shares
from chatdoor.gateway.state import Conduct, State
from chatdoor.site.load import load_site
from chatdoor.site.model import Site
from chatdoor.site.parts import given

if TYPE_CHECKING:
    from chatdoor.drive.conversation_file import ConversationFile
    from chatdoor.drive.shared.state import SharedState
    from chatdoor.gateway.kept_file import KeptFile
    from chatdoor.gateway.shared.counts import SharedCounts

BUSY_SECONDS: Final = 0.5
"""How long all requests wait while another program writes to the file of conversations, which takes milliseconds."""


class Serving:
    """Everything that is served, for the length of a block: what it opens is closed with `stack`.

    Raises ArgumentError, SiteFileError, StateError. The address, the log and the file of conversations stay as they
    are at the start.
    """

    def __init__(self, plan: Plan, stack: ExitStack) -> None:
        self._stack = stack
        self._plan = plan
        self._wishes = plan.wishes
        self._practice: Site | None = None
        self.config = plan.config
        self.host = plan.host
        self._hosts: list[str] = []
        self._conversations = self._store()
        self._shared = self._shared_state()
        self._kept = self._kept_file()

    def state(self, port: int, shares: Shares | None = None) -> State:
        """The state of a gateway that is bound to this port; `shares` are those of its workers."""
        self._hosts = own_hosts(self.host, port)
        renewed = self._made(self.config, None)
        house, guard, conduct = renewed.house, renewed.guard, renewed.conduct
        shelf = None if self._kept is None else self._kept.shelf()
        return State(house, guard, conduct, shelf, log=self._log(), shared=self._shared, shares=shares)

    def renew(self, state: State) -> Renewed:
        """All read anew. What is as before stays: clients with their sessions, and how often a key has asked."""
        return self._made(self._plan.read(), state)

    def _made(self, config: Config, before: State | None) -> Renewed:
        wishes, table = self._wishes, config.table
        keys = all_keys(self._wishes, config)
        if self._kept is not None:
            keys = self._kept.counted(keys)
        check_open(self.host, keys)
        sites = self._sites(config)
        check_names(config, {site.name: site for site in sites})
        if self._shares_nothing:
            check_apart(sites, keys)
        house = House(
            sites,
            {
                "allow_secrets": wishes.allow_secrets or table.allow_secrets,
                "conversations": self._conversations,
                "store": FileStore(self._folder / "sessions") if self._folder else None,
                "shared": self._shared,
            },
            aliases=table.aliases,
            created=int(time.time()),
            own={site.name: self._reach(site, config) for site in sites},
            before=before.house if before else None,
        )
        guard = Guard(
            Keys(tuple(keys)).going_on(before.guard.keys) if before else Keys(tuple(keys)),
            hosts=[*self._hosts, *wishes.allowed_host, *table.allowed_hosts],
            cors=[*wishes.cors, *table.cors],
            once=self._user_headers(config),
            counts=self._counts(),
        )
        return Renewed(house, guard, self._conduct(config))

    def _conduct(self, config: Config) -> Conduct:
        wishes, table = self._wishes, config.table
        return Conduct(
            strict=wishes.strict or table.strict,
            apply_stop=wishes.apply_stop or table.apply_stop,
            open_metrics=wishes.open_metrics or table.open_metrics,
            heartbeat=config.heartbeat,
            body_bytes=config.body_bytes,
            show_texts=wishes.show_texts or table.show_texts,
            user_headers=self._user_headers(config),
            side_requests=wishes.side_requests or table.side_requests,
        )

    def _user_headers(self, config: Config) -> tuple[bytes, ...]:
        named = [*self._wishes.trust_user_header, *config.table.trust_user_header]
        return tuple([name.lower().encode() for name in named])

    def _sites(self, config: Config) -> list[Site]:
        """The sites to serve; the practice site, started here, where none is named or it is."""
        sources = [*self._wishes.site, *map(config.site_source, config.table.sites)] or [PRACTICE]
        return [self._practice_site() if source == PRACTICE else load_site(source) for source in sources]

    def _practice_site(self) -> Site:
        if self._plan.workers > 1:
            raise ArgumentError("--workers: a practice site is in one process; start one apart, and name its site file")
        if self._practice is None:
            from chatdoor.practice import Practice  # loads a server

            self._practice = self._stack.enter_context(Practice())
        return self._practice

    def _reach(self, site: Site, config: Config) -> Options:
        """How a site is reached. Nothing stands between a practice site of this process and us."""
        wishes, table = self._wishes, config.table
        total = wishes.timeout or config.timeout or site.limits.timeout
        options: Options = {"timeout": Timeout(gap=wishes.gap_timeout or config.gap_timeout, total=total)}
        if self._shares_nothing:
            options |= own_pace(site, self._plan.workers)
        if site is self._practice:
            return options
        return {**options, "proxy": self._proxy(config), "ca_file": wishes.ca_file or _path(config, table.ca_file)}

    def _proxy(self, config: Config) -> str | None:
        if self._wishes.proxy:
            return resolve(self._wishes.proxy, "--proxy")
        named = given(config.table.proxy)
        return resolve(config.reference(named), "proxy") if named else None

    def _store(self) -> "ConversationFile | None":
        path = self._wishes.conversations or _path(self.config, self.config.table.conversations)
        if path is not None and self._state is not None:
            raise ArgumentError("--state: conversations are kept there too; leave --conversations out")
        if self._folder is not None:
            path = self._folder / "conversations.db"
        if path is None:
            return None
        from chatdoor.drive.conversation_file import ConversationFile  # loads a database

        store = ConversationFile(path, busy=BUSY_SECONDS)
        self._stack.callback(store.close)
        store.get("")  # one that can not be used is an error now
        return store

    def _kept_file(self) -> "KeptFile | None":
        if self._folder is None or self._plan.workers > 1:
            return None
        from chatdoor.gateway.kept_file import KeptFile  # loads a database

        file = KeptFile(self._folder / "gateway.db")
        self._stack.callback(file.close)
        return file

    @property
    def _state(self) -> str | None:
        """Where state is kept, as it was said: a server's URL or a folder."""
        if self._wishes.state:
            return resolve(self._wishes.state, "--state")
        named = given(self.config.table.state)
        return resolve(self.config.reference(named), "state") if named else None

    @property
    def _folder(self) -> Path | None:
        """The folder that state is kept in; None where it is on a server, or kept nowhere."""
        if self._state is None or "://" in self._state:
            return None
        return Path(self._state) if self._wishes.state else self.config.path(self._state)

    def _shared_state(self) -> "SharedState | None":
        if self._state is None or self._folder is not None:
            return None
        from chatdoor.drive.shared.state import SharedState

        return SharedState(self._state, serves=self._state_down == "serve")

    @property
    def _state_down(self) -> str:
        return self._wishes.state_down or self.config.table.state_down

    def _counts(self) -> "SharedCounts | None":
        if self._shared is None:
            return None
        from chatdoor.gateway.shared.counts import SharedCounts

        return SharedCounts(self._shared.link, serves=self._shared.serves)

    @property
    def _shares_nothing(self) -> bool:
        """True for one of several workers that do not know of each other."""
        return self._plan.workers > 1 and self._shared is None

    def _log(self) -> AccessLog | None:
        named = given(self.config.table.access_log)
        if (self._wishes.access_log or named) == STDERR:
            return AccessLog(texts=self._plan.logs_texts)
        if path := Path(self._wishes.access_log) if self._wishes.access_log else _path(self.config, named):
            log = AccessLog(path, texts=self._plan.logs_texts)
            log.check()
            return log
        if self._plan.logs_texts:
            raise ArgumentError("--log-texts: there is no log for them; give --access-log too")
        return None


def _path(config: Config, file: str | UnsetType | None) -> Path | None:
    return config.path(file) if isinstance(file, str) else None
