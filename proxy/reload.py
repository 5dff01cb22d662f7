"""The running rulebook: watched, loaded beside the traffic, swapped in one step.

Owns which RuleBook is live. What a rulebook is, and what is wrong with one, is `rules.load`'s. A folder that does not
load never replaces one that did.

The operating system's notices make an edit live at once; a look at the folder every second finds what they miss
(a folder that was replaced as a whole, a network file system, a symbolic link that was switched).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from watchfiles import awatch

from proxy.rule_files import read_folder
from rules.errors import RuleError
from rules.load import RuleFolder
from rules.model import RuleBook

logger = logging.getLogger(__name__)

Now = Callable[[], datetime]
Load = Callable[[RuleFolder], RuleBook]
"""What makes a book of a folder's files; raises RuleError."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The last attempt to load, if it failed: its problems, one line each."""

    at: datetime
    problems: tuple[str, ...]


class RuleKeeper:
    """Holds the running rulebook of one folder.

    `book` is swapped whole, so whoever took it keeps a consistent one for as long as it needs. Made by `open`.
    """

    def __init__(self, folder: Path, book: RuleBook, digest: bytes, load: Load, now: Now) -> None:
        self.folder = folder
        self.book = book
        self.loaded_at = now()
        self.failure: Failure | None = None
        self.loads: Counter[str] = Counter(live=0, failed=0)
        """How often a changed folder went live, or failed to load."""
        self._seen = digest
        self._refreshing = asyncio.Lock()
        self._load = load
        self._now = now
        self._subscribers: list[Callable[[RuleBook], None]] = []

    @classmethod
    def open(cls, folder: Path, load: Load, now: Now) -> Self:
        """Load for the first time; raises RuleError, since there is no book yet that could stay."""
        files = read_folder(folder)
        return cls(folder, load(files), files.digest, load, now)

    @classmethod
    def open_or_start_empty(cls, folder: Path, load: Load, now: Now) -> Self:
        """Load for the first time; where that fails, run without an experience until the folder is mended."""
        files = read_folder(folder)
        keeper = cls(folder, RuleBook(), files.digest, load, now)
        first = keeper._attempt(files)
        if isinstance(first, RuleBook):
            keeper.book = first
        else:
            keeper._stay(first)
        return keeper

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the folder as it is now; nothing where it is what runs."""
        return self.failure.problems if self.failure is not None else ()

    def subscribe(self, swapped: Callable[[RuleBook], None]) -> None:
        """Call `swapped`, in the event loop, with each book that goes live from now on."""
        self._subscribers.append(swapped)

    async def watch(self, stop: asyncio.Event, *, settle_seconds: float = 0.1, look_seconds: float = 1.0) -> None:
        """Keep the book up to date until `stop` is set."""
        while not stop.is_set():
            async with aclosing(_notices(self.folder, stop, look_seconds)) as notices:
                async for _ in notices:
                    await self.refresh(settle_seconds=settle_seconds)
            # The folder is gone or another one, or the system gives no notices: look, and ask again.
            await self.refresh(settle_seconds=settle_seconds)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), look_seconds)

    async def refresh(self, *, settle_seconds: float = 0.0) -> None:
        """Load the folder if its content is new, once it has been left alone for `settle_seconds`.

        It waits because a file that is cut in the middle of its writing may well be a valid, shorter rulebook.
        """
        async with self._refreshing:
            await self._refresh(settle_seconds)

    async def _refresh(self, settle_seconds: float) -> None:
        files = await asyncio.to_thread(read_folder, self.folder)
        if files.digest == self._seen:
            return
        while True:
            await asyncio.sleep(settle_seconds)
            later = await asyncio.to_thread(read_folder, self.folder)
            if later.digest == files.digest:
                break
            files = later
        self._seen = files.digest
        loaded = await asyncio.to_thread(self._attempt, files)
        if isinstance(loaded, RuleBook):
            self._go_live(loaded)
        else:
            self._stay(loaded)

    def _attempt(self, files: RuleFolder) -> RuleBook | tuple[str, ...]:
        """The book, or what is wrong with the folder."""
        try:
            return self._load(files)
        except RuleError as error:
            return tuple(map(str, error.problems))
        except Exception as error:
            # A fault of the loader's own must not end the watch: the next edit may be the cure.
            logger.exception("Loading the rulebook failed")
            return (f"{self.folder}: {type(error).__name__}: {error}",)

    def _go_live(self, book: RuleBook) -> None:
        self.book, self.loaded_at, self.failure = book, self._now(), None
        self.loads["live"] += 1
        logger.info("The rulebook was reloaded; experiences that are live: %d", len(book.live))
        for swapped in self._subscribers:
            swapped(book)

    def _stay(self, problems: tuple[str, ...]) -> None:
        self.failure = Failure(self._now(), problems)
        self.loads["failed"] += 1
        logger.error("The rulebook does not load, and the running one stays:\n%s", "\n".join(problems))


async def _notices(folder: Path, stop: asyncio.Event, look_seconds: float) -> AsyncGenerator[None]:
    """Yield at each change and every `look_seconds`, until `stop`, or until `folder` is no longer the one it was."""
    identity = _identity(folder)
    if identity is None:
        return
    watching = awatch(
        folder,
        watch_filter=None,
        stop_event=stop,
        debounce=200,
        step=50,
        rust_timeout=round(look_seconds * 1000),
        yield_on_timeout=True,
    )
    with suppress(OSError, RuntimeError):
        async with aclosing(watching):
            async for _ in watching:
                yield
                if _identity(folder) != identity:
                    return


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
