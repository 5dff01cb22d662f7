"""The keys that sign cookies: given by the operator, or made once and kept in the data folder.

Owns where they come from and what makes one too weak. What they sign is `proxy.visitor.identity`'s.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from proxy.settings.model import Settings
from proxy.settings.values import ConsentSource

MIN_KEY_BYTES = 32
MAX_FILE_BYTES = 64 * 1024
KEY_FILE = "secret"
"""The name of the generated one's file in the data folder."""

_HINT = "make one with `openssl rand -hex 32`"


class SecretError(Exception):
    """Keys that can't be had or should not be used: one line, which never holds a key."""


def open_keys(settings: Settings, *, needed: bool = False) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The keys, of which the first signs and all verify, and a line for each thing to warn of.

    None where none were given and there is nothing to sign or to verify: nobody can consent, there are no accounts to
    link to, the origin's word is not carried, no cache in front needs keys, no token was made before, and the caller
    has none `needed`. Raises SecretError.
    """
    if settings.secrets is not None:
        keys = settings.secrets.get_secret_value().split()
        return _checked(keys, "secrets (TAILOR_SECRETS or tailor.toml)"), ()
    if settings.secret_file is not None:
        return read_keys(settings.secret_file)
    has_visitors = settings.consent is not ConsentSource.NONE or settings.vouched_header
    signs = has_visitors or settings.accounts is not None or settings.edge
    if not needed and not signs and not (settings.data / KEY_FILE).exists():
        return (), ()
    try:
        return read_keys(_generated(settings.data))
    except OSError as error:
        line = f"{settings.data}: no secret can be kept there: {error.strerror} (choose another --data)"
        raise SecretError(line) from error


def read_keys(path: Path, setting: str = "--secret-file") -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The keys in a file, one on each line, and a line for each thing to warn of; `setting` names the file.

    Raises SecretError.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SecretError(f"{path}: can't be read: {error.strerror} (check {setting})") from error
    if len(content) > MAX_FILE_BYTES:
        raise SecretError(f"{path}: is larger than {MAX_FILE_BYTES} bytes (write one secret on each line)")
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError as error:
        raise SecretError(f"{path}: is not text (write one secret on each line; {_HINT})") from error
    keys = _checked([line.strip() for line in lines if line.strip()], str(path))
    is_open = mode & (stat.S_IRWXG | stat.S_IRWXO)
    return keys, (f"{path}: others on this machine can read it (chmod 600 {path})",) if is_open else ()


def _checked(keys: list[str], place: str) -> tuple[bytes, ...]:
    if not keys:
        raise SecretError(f"{place}: there is no secret in it ({_HINT})")
    encoded = tuple(key.encode() for key in keys)
    for number, key in enumerate(encoded, start=1):
        if len(key) < MIN_KEY_BYTES:
            raise SecretError(f"{place}: secret {number} has {len(key)} bytes, {MIN_KEY_BYTES} is the least ({_HINT})")
    return encoded


def _generated(folder: Path) -> Path:
    """The file of the generated key, made if there is none; whoever comes at the same time gets the same one."""
    path = folder / KEY_FILE
    if path.exists():
        return path
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{KEY_FILE}-{secrets.token_hex(8)}"
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(MIN_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            # Unlike a rename it does not replace another's, and unlike a plain write it is there whole or not at all.
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    return path
