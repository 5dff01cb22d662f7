"""All that vouches for visitors in one process, as the settings ask for it: opened and watched.

Owns which parts there are, and which of their files keep Tailor from starting. What counts more than what is
`proxy.visitor.vouched`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from proxy.settings.model import Settings
from proxy.visitor.consent import make_consent_reader
from proxy.visitor.keys import SecretError, read_keys
from proxy.visitor.vouched import Vouched
from proxy.visitor.vouched_cookie import SignedCookieReader
from proxy.visitor.vouched_header import Carrier
from proxy.visitor.vouched_jwt import JwtReader
from proxy.visitor.vouched_keys import KeyFileError, KeySet, load_keys
from proxy.watched import WatchedFile

_COOKIE_SECRET = "vouched_cookie.secret_file"  # noqa: S105 - a setting's name


class Vouching:
    """The ways to vouch, and the files that they are checked by. Made by `open_vouching`."""

    def __init__(self, vouched: Vouched, files: Sequence[WatchedFile[Any]] = ()) -> None:
        self.vouched = vouched
        self._files = tuple(files)

    async def watch(self, stop: asyncio.Event) -> None:
        """Read files anew when they change, until `stop` is set."""
        await asyncio.gather(*(file.watch(stop) for file in self._files))


def open_vouching(settings: Settings, keys: Sequence[bytes], *, now: Callable[[], datetime]) -> Vouching:
    """What the settings ask for. A file that can't be used by now is logged, and read once it can be.

    `keys` sign what the origin says.
    """
    jwt = cookie = carrier = None
    files: list[WatchedFile[Any]] = []
    if (told := settings.vouched_jwt) is not None:
        key_file = WatchedFile(told.key_file, lambda _: load_keys(told), KeySet())
        files.append(key_file)
        jwt = JwtReader(told, lambda: key_file.current, now=now)
    if (signed := settings.vouched_cookie) is not None:
        nothing: tuple[bytes, ...] = ()
        secrets = WatchedFile(signed.secret_file, _load_secrets, nothing)
        files.append(secrets)
        cookie = SignedCookieReader(signed.cookie, lambda: secrets.current, now=now)
    if settings.vouched_header:
        carrier = Carrier(keys, make_consent_reader(settings), now=now)
    for file in files:
        file.refresh()
    return Vouching(Vouched(jwt, cookie, carrier), files)


def unusable_keys(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A line for each file of keys that keeps Tailor from starting, and one for each to warn of."""
    complaints: list[str] = []
    warnings: list[str] = []
    if (told := settings.vouched_jwt) is not None:
        try:
            load_keys(told)
        except (KeyFileError, SecretError) as error:
            complaints.append(str(error))
        except OSError as error:
            complaints.append(f"{told.key_file}: can't be read: {error.strerror} (check vouched_jwt)")
    for path, setting in _secret_files(settings):
        try:
            warnings.extend(read_keys(path, setting)[1])
        except SecretError as error:
            complaints.append(str(error))
    # A secret that both use is told once.
    return tuple(dict.fromkeys(complaints)), tuple(dict.fromkeys(warnings))


def _secret_files(settings: Settings) -> list[tuple[Path, str]]:
    found = []
    if settings.vouched_jwt is not None and settings.vouched_jwt.secret_file is not None:
        found.append((settings.vouched_jwt.secret_file, "vouched_jwt.secret_file"))
    if settings.vouched_cookie is not None:
        found.append((settings.vouched_cookie.secret_file, _COOKIE_SECRET))
    return found


def _load_secrets(path: Path) -> tuple[bytes, ...]:
    return read_keys(path, _COOKIE_SECRET)[0]
