import socket
from pathlib import Path

import pytest

from tests.proxy.commands import tailor, write

GOOD = "experiences:\n  hello: {pages: /, change: [{select: h1, text: Hi}]}\n"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TAILOR_CORPUS", raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_an_origin_it_says_how_to_give_one() -> None:
    result = tailor("preview")
    assert result.exit_code == 2
    assert result.stderr == "--origin: is missing (give --origin, TAILOR_ORIGIN, or origin in tailor.toml)\n"


def test_it_does_not_start_with_a_broken_rulebook_and_tells_its_problems() -> None:
    write("rules/a.yaml", GOOD.replace("change", "chance"))
    result = tailor("preview", "--origin", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert "rules/a.yaml:2:21: unknown key `chance`" in result.stderr


def test_a_taken_port_is_one_line() -> None:
    write("elsewhere/a.yaml", GOOD)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = tailor("preview", "--origin", "http://127.0.0.1:9", "--rules", "elsewhere", "--port", port)
    assert result.exit_code == 2
    assert result.stderr == (f"port {port} on 127.0.0.1 is taken (choose another --port, or end what listens there)\n")
