"""The running rulebook: watched, loaded beside the traffic, swapped in one step.

Owns which RuleBook is live. What a rulebook is, and what is wrong with one, is `rules.load`'s. A folder that does not
load never replaces one that did.

The operating system's notices make an edit live at once; a look at the folder every second finds what they miss
(a folder that was replaced as a whole, a network file system, a symbolic link that was switched).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from watchfiles import awatch

from proxy.page.locate import check_selector
from rules.errors import RuleError
from rules.load import RULE_SUFFIXES, TEMPLATES, load_rulebook
from rules.model import RuleBook
from rules.source import MAX_FILE_BYTES

logger = logging.getLogger(__name__)

Now = Callable[[], datetime]
Load = Callable[[Path], RuleBook]
"""What makes a book of a folder; raises RuleError or OSError."""


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
        self._seen = digest
        self._load = load
        self._now = now
        self._subscribers: list[Callable[[RuleBook], None]] = []

    @classmethod
    def open(cls, folder: Path, load: Load, now: Now) -> Self:
        """Load for the first time; raises RuleError or OSError, since there is no book yet that could stay."""
        digest = content_digest(folder)
        return cls(folder, load(folder), digest, load, now)

    @classmethod
    def open_or_start_empty(cls, folder: Path, load: Load, now: Now) -> Self:
        """Load for the first time; where that fails, run without an experience until the folder is mended."""
        keeper = cls(folder, RuleBook(), content_digest(folder), load, now)
        first = keeper._attempt()
        if isinstance(first, RuleBook):
            keeper.book = first
        else:
            keeper._stay(first)
        return keeper

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
        digest = await asyncio.to_thread(content_digest, self.folder)
        if digest == self._seen:
            return
        while True:
            await asyncio.sleep(settle_seconds)
            later = await asyncio.to_thread(content_digest, self.folder)
            if later == digest:
                loaded = await asyncio.to_thread(self._attempt)
                later = await asyncio.to_thread(content_digest, self.folder)
                if later == digest:
                    break
            digest = later
        self._seen = digest
        if isinstance(loaded, RuleBook):
            self._go_live(loaded)
        else:
            self._stay(loaded)

    def _attempt(self) -> RuleBook | tuple[str, ...]:
        """The book, or what is wrong with the folder."""
        try:
            return self._load(self.folder)
        except RuleError as error:
            return tuple(map(str, error.problems))
        except OSError as error:
            return (f"{error.filename or self.folder}: {error.strerror or error}",)
        except Exception as error:
            # A fault of the loader's own must not end the watch: the next edit may be the cure.
            logger.exception("Loading the rulebook failed")
            return (f"{self.folder}: {type(error).__name__}: {error}",)

    def _go_live(self, book: RuleBook) -> None:
        self.book, self.loaded_at, self.failure = book, self._now(), None
        logger.info("The rulebook was reloaded; experiences that are live: %d", len(book.live))
        for swapped in self._subscribers:
            swapped(book)

    def _stay(self, problems: tuple[str, ...]) -> None:
        self.failure = Failure(self._now(), problems)
        logger.error("The rulebook does not load, and the running one stays:\n%s", "\n".join(problems))


def load_checked(folder: Path) -> RuleBook:
    """The folder's rulebook, its selectors tried on the engine that will look them up. Raises RuleError or OSError."""
    return load_rulebook(folder, check_selector=check_selector)


def content_digest(folder: Path) -> bytes:
    """A hash of all that a rulebook's folder says; what can't be read counts as not there."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(_rule_files(folder)):
        content = _content(path)
        if content is not None:
            digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
            digest.update(content)
    return digest.digest()


def _rule_files(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from (path for path in folder.iterdir() if path.suffix in RULE_SUFFIXES)
    for parent, _, names in os.walk(folder / TEMPLATES):
        yield from (Path(parent, name) for name in names)


def _content(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            # `rules.source` refuses longer ones, whatever else they say.
            return file.read(MAX_FILE_BYTES + 1)
    except OSError:
        return None


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
