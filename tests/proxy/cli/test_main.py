import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from proxy.cli.main import main
from proxy.settings.layers import flag_of, has_flag
from proxy.settings.model import Settings
from rules.schema import rule_file_schema

GOOD = "experiences:\n  hello: {pages: /, change: [{select: h1, text: Hi}]}\n"
BAD = "experiences:\n  hello:\n    pages: /\n    whoo: everyone\n    change: [{select: h1, txt: Hi}]\n"


@pytest.fixture(autouse=True)
def _no_setting_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where saved pages lie is told to the tests, and is no setting: the command would warn of it."""
    monkeypatch.delenv("TAILOR_CORPUS", raising=False)


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def tailor(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)


def write(name: str, text: str) -> None:
    file = Path(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


def test_schema_prints_the_schema_of_rule_files() -> None:
    result = tailor("schema")
    assert result.exit_code == 0
    assert json.loads(result.output) == rule_file_schema()


def test_serve_without_an_origin_says_how_to_give_one() -> None:
    result = tailor("serve")
    assert result.exit_code == 2
    assert result.stderr == "--origin: is missing (give --origin, TAILOR_ORIGIN, or origin in tailor.toml)\n"


def test_serve_does_not_start_with_a_broken_rulebook() -> None:
    write("rules/a.yaml", BAD)
    result = tailor("serve", "--origin", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert "rules/a.yaml:4:5: unknown key `whoo`" in result.stderr
    assert "Traceback" not in result.output


def test_serve_does_not_start_without_a_rulebook() -> None:
    result = tailor("serve", "--origin", "http://127.0.0.1:9", "--rules", "nowhere")
    assert result.exit_code == 2
    assert result.stderr.startswith("nowhere")


def test_serve_tells_every_mistake_of_its_settings_and_warns_of_unknown_variables() -> None:
    result = tailor("serve", "--port", "eighty", TAILOR_ORIGIN="nonsense")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 2
    result = tailor("serve", "--rules", "nowhere", TAILOR_ORIGIN="http://a", TAILOR_PROT="1")
    assert result.stderr.startswith("warning: TAILOR_PROT: no such setting, ignored (did you mean 'TAILOR_PORT'?)\n")


def test_serve_does_not_start_with_a_geo_database_that_can_not_be_read() -> None:
    write("rules/a.yaml", GOOD)
    Path("city.mmdb").write_bytes(b"PK")
    result = tailor("serve", "--origin", "http://127.0.0.1:9", "--geo-db", "city.mmdb", "--geo-db", "none.mmdb")
    assert result.exit_code == 2
    assert result.output.splitlines() == [
        "city.mmdb: is not a MaxMind DB file (such as GeoLite2-City.mmdb)",
        "none.mmdb: can't be read: No such file or directory (check --geo-db)",
    ]


def test_serve_does_not_start_with_a_weak_secret_and_does_not_tell_it() -> None:
    write("rules/a.yaml", GOOD)
    result = tailor("serve", "--origin", "http://127.0.0.1:9", TAILOR_SECRETS="hunter2")
    assert result.exit_code == 2
    assert "secrets (TAILOR_SECRETS or tailor.toml): secret 1 has 7 bytes, 32 is the least" in result.stderr
    assert "hunter2" not in result.stderr


def test_serve_does_not_start_without_the_keys_that_the_site_vouches_by() -> None:
    write("rules/a.yaml", GOOD)
    write("weak", "hunter2\n")
    jwt = '{cookie = "jwt", algorithms = "RS256", jwks_file = "none.json", claims = {plan = "plan"}}'
    cookie = '{cookie = "shop_visitor", secret_file = "weak"}'
    result = tailor("serve", "--origin", "http://127.0.0.1:9", "--vouched-jwt", jwt, "--vouched-cookie", cookie)
    assert result.exit_code == 2
    assert result.output.splitlines() == [
        "none.json: can't be read: No such file or directory (check vouched_jwt)",
        "weak: secret 1 has 7 bytes, 32 is the least (make one with `openssl rand -hex 32`)",
    ]


def test_serve_does_not_start_with_profiles_or_a_template_that_can_not_be_used(tmp_path: Path) -> None:
    write("rules/book.yaml", GOOD)
    write("looks/me.html", "{% if %}")
    command = ("serve", "--origin", "http://127.0.0.1:9", "--rules", "rules")
    profiles = tailor(*command, "--consent", "tcf", "--profile-db", str(tmp_path))
    assert profiles.exit_code == 2
    assert profiles.output == f"{tmp_path}: can't be used: Is a directory (choose another --profile-db)\n"
    template = tailor(*command, "--me-template", "looks/me.html")
    assert template.exit_code == 2
    assert template.output.startswith("looks/me.html:1: ")


def test_serve_warns_of_secrets_that_others_can_read() -> None:
    import socket

    write("rules/a.yaml", GOOD)
    write("secrets.txt", "x" * 32)
    Path("secrets.txt").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        flags = ["--port", str(taken.getsockname()[1]), "--secret-file", "secrets.txt"]
        result = tailor("serve", "--origin", "http://127.0.0.1:9", *flags)
    assert result.stderr.splitlines()[0] == (
        "warning: secrets.txt: others on this machine can read it (chmod 600 secrets.txt)"
    )


def test_a_taken_port_is_one_line_and_needs_no_origin_to_be_seen() -> None:
    import socket

    write("rules/a.yaml", GOOD)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = tailor("serve", "--origin", "http://127.0.0.1:9", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "is taken" in result.stderr


def test_every_setting_but_secrets_has_a_flag_with_its_help() -> None:
    text = " ".join(tailor("serve", "--help").output.split())
    flags = [flag_of(name) for name, field in Settings.model_fields.items() if has_flag(field)]
    assert [flag for flag in flags if flag not in text] == []
    assert "[default: true]" in text
    assert "[default: false]" in text
    assert "--admin-token" not in text
    assert "Not a flag" not in text


def test_flags_of_lists_can_be_repeated_in_singular_and_plural() -> None:
    write("rules/a.yaml", BAD)
    flags = ["--geo-header", "cloudflare", "--geo-headers", "fasly", "--visitor-cookie", "plan=shop_plan"]
    result = tailor("serve", "--origin", "http://a", *flags)
    assert result.stderr.startswith("--geo-header: 'fasly' is not known")


def test_the_version_is_told_without_loading_what_is_heavy() -> None:
    script = (
        "import sys\n"
        "from proxy.cli.main import main\n"
        "main(['--version'], standalone_mode=False)\n"
        "heavy = {'pydantic', 'uvicorn', 'aiohttp', 'starlette', 'yaml', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tailor, version ")
