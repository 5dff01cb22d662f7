import multiprocessing
import stat
from pathlib import Path
from typing import Any

import pytest

from proxy.settings.model import Settings
from proxy.visitor.keys import KEY_FILE, MAX_FILE_BYTES, SecretError, open_keys

FIRST, SECOND = "1" * 32, "2" * 40


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"origin": "http://a", "consent": "not-required", **given})


def secret_file(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "secrets.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


def refusal(**given: Any) -> str:
    with pytest.raises(SecretError) as error:
        open_keys(settings(**given))
    return str(error.value)


def test_a_file_holds_one_secret_on_each_line(tmp_path: Path) -> None:
    file = secret_file(tmp_path, f"{FIRST}\r\n\n  {SECOND}\n")
    assert open_keys(settings(secret_file=file)) == ((FIRST.encode(), SECOND.encode()), ())


def test_the_variable_holds_them_with_spaces_between() -> None:
    assert open_keys(settings(secrets=f" {FIRST} {SECOND}\n")) == ((FIRST.encode(), SECOND.encode()), ())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_warned_of(tmp_path: Path, mode: int) -> None:
    file = secret_file(tmp_path, FIRST, mode)
    keys, warnings = open_keys(settings(secret_file=file))
    assert keys == (FIRST.encode(),)
    assert warnings == (f"{file}: others on this machine can read it (chmod 600 {file})",)


def test_a_weak_secret_is_refused_and_not_told(tmp_path: Path) -> None:
    weak = "hunter2" * 4
    for line in (
        refusal(secret_file=secret_file(tmp_path, f"{FIRST}\n{weak}\n")),
        refusal(secrets=f"{FIRST} {weak}"),
    ):
        assert "secret 2 has 28 bytes, 32 is the least (make one with `openssl rand -hex 32`)" in line
        assert weak not in line


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff" * 40, b"x" * (MAX_FILE_BYTES + 1)])
def test_a_file_without_secrets_is_refused(tmp_path: Path, content: bytes) -> None:
    assert str(tmp_path) in refusal(secret_file=secret_file(tmp_path, content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(secret_file=tmp_path / "none")
    assert "directory" in refusal(secret_file=tmp_path)


def test_left_out_one_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "data"
    keys, warnings = open_keys(settings(data=folder))
    assert (len(keys), len(keys[0]), warnings) == (1, 64, ())
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert open_keys(settings(data=folder)) == (keys, ())
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_none_is_made_where_nobody_can_consent(tmp_path: Path) -> None:
    assert open_keys(settings(consent="none", data=tmp_path / "data")) == ((), ())
    assert not (tmp_path / "data").exists()


def test_one_is_made_where_there_are_accounts_to_link_to_or_it_is_asked_for(tmp_path: Path) -> None:
    without = settings(consent="none", data=tmp_path / "data")
    linking = settings(consent="none", data=tmp_path / "data", accounts=tmp_path / "accounts.csv")
    keys, _ = open_keys(without, needed=True)
    assert len(keys) == 1
    assert open_keys(linking) == (keys, ())


def test_a_weak_secret_is_refused_also_where_nobody_can_consent() -> None:
    assert "32 is the least" in refusal(consent="none", secrets="short")


def test_a_folder_that_can_not_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    made_later = settings(data=tmp_path / "data")
    (tmp_path / "data").write_text("")
    with pytest.raises(SecretError, match="choose another --data"):
        open_keys(made_later)


def test_a_key_is_made_where_the_origins_word_has_to_be_signed(tmp_path: Path) -> None:
    assert open_keys(settings(data=tmp_path, consent="none")) == ((), ())
    (key,), _ = open_keys(settings(data=tmp_path, consent="none", vouched_header=True))
    assert key


def _open(folder: Path, start: Any) -> tuple[bytes, ...]:
    start.wait()
    return open_keys(settings(data=folder))[0]


def test_processes_that_start_at_once_get_the_same_one(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(4) as pool:
        start = manager.Barrier(4)
        keys = pool.starmap(_open, [(tmp_path / "data", start)] * 4, chunksize=1)
    assert len(set(keys)) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == [KEY_FILE]


def test_a_cache_in_front_needs_a_secret_for_its_keys(tmp_path: Path) -> None:
    given = {"consent": "none", "data": tmp_path, "trusted_proxies": ["loopback"]}
    assert open_keys(settings(**given)) == ((), ())
    (key,), _ = open_keys(settings(**given, edge=True))
    assert len(key) >= 32
