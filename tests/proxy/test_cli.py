import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from proxy.cli import main
from proxy.settings import Settings
from proxy.settings_layers import flag_of, has_flag
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


def test_check_of_a_good_rulebook_says_what_is_in_it() -> None:
    write("rules/a.yaml", GOOD)
    result = tailor("check", "rules")
    assert (result.exit_code, result.output) == (0, "rules: fine; 1 experience, 1 live, 0 warnings\n")


def test_check_prints_every_problem_with_place_line_and_fix() -> None:
    write("rules/a.yaml", BAD)
    write("rules/b.yaml", BAD.replace("hello", "hallo"))
    result = tailor("check", "rules")
    assert result.exit_code == 1
    assert "rules/a.yaml:4:5: unknown key `whoo`" in result.output
    assert "did you mean 'who'?" in result.output
    assert "\n    whoo: everyone\n" in result.output
    assert "rules/b.yaml:5:" in result.output
    assert result.output.splitlines()[-1].endswith("problems in 2 files")


def test_check_prints_warnings_and_is_content() -> None:
    write("rules/a.yaml", "audiences: {nobody: {device.type: tv}}\n" + GOOD)
    result = tailor("check", "rules")
    assert result.exit_code == 0
    assert "rules/a.yaml:1:" in result.output
    assert "warning: " in result.output
    assert result.output.endswith("1 warning\n")


def test_check_says_which_experience_waits_for_which_consent() -> None:
    write("rules/a.yaml", GOOD.replace("pages: /", "pages: /, who: {visitor.plan: gold}"))
    result = tailor("check", "rules")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "needs consent where company_without_consent is off (company): hello: visitor.plan",
        "rules: fine; 1 experience, 1 live, 0 warnings",
    ]


def test_check_of_what_is_not_there_can_not_run() -> None:
    result = tailor("check", "nowhere")
    assert result.exit_code == 2
    assert "'nowhere' does not exist" in result.stderr


NORTH = """\
experiences:
  north:
    pages: {path: /, query: {ref: "*"}}
    who: {geo.country: [NO, SE], page.query.ref: news}
    change: [{select: h1, text: "Hi {{ geo.city }}"}]
"""


def test_explain_tells_of_each_test_what_it_saw() -> None:
    write("rules/a.yaml", NORTH)
    result = tailor("explain", "rules", "/?ref=ad", "--as", "geo.country=se")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "north: not for this visitor",
        "  false   all:",
        "    true    geo.country: [NO, SE]  (saw SE)",
        "    false   page.query.ref: news  (saw ad)  <- decided",
        "  a text of it needs geo.city: no value",
    ]


def test_explain_as_json_holds_the_same() -> None:
    write("rules/a.yaml", NORTH)
    result = tailor("explain", "rules", "/?ref=news", "--json", "--at", "2026-12-02T10:00Z", "--as", "geo.country=NO")
    told = json.loads(result.output)
    assert told["at"] == "2026-12-02T10:00:00+00:00"
    assert told["signals"]["page.query.ref"] == "news"
    assert [(each["id"], each["outcome"], each["missing"]) for each in told["experiences"]] == [
        ("north", "no value", ["geo.city"])
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("/", "--as", "geo.contry=SE"), "unknown signal `geo.contry` (did you mean 'geo.country'?)"),
        (("/", "--as", "geo.country"), "`--as geo.country` has no `=` (such as --as geo.country=SE)"),
        (("home",), "the page `home` does not begin with `/` (write its path, without the host)"),
        (("/", "--at", "noon"), "`at` wants a moment, not `noon` (such as 2026-12-02T10:00)"),
    ],
)
def test_explain_of_a_visit_that_can_not_be_says_why_and_does_not_run(
    arguments: tuple[str, ...], complaint: str
) -> None:
    write("rules/a.yaml", NORTH)
    result = tailor("explain", "rules", *arguments)
    assert (result.exit_code, result.stderr) == (2, complaint + "\n")


def test_explain_with_a_broken_rulebook_tells_its_problems() -> None:
    write("rules/a.yaml", BAD)
    result = tailor("explain", "rules", "/")
    assert result.exit_code == 1
    assert "rules/a.yaml:4:5: unknown key `whoo`" in result.output


SELF_TESTED = """
tests:
  - {name: a Norwegian, visit: {page: /?ref=news, geo.country: "NO", geo.city: Oslo}, shows: north}
  - {name: a Dane, visit: {page: /?ref=news, geo.country: DK}, hides: north}
"""


def test_tests_that_pass_are_counted() -> None:
    write("rules/a.yaml", NORTH + SELF_TESTED)
    result = tailor("test", "rules")
    assert (result.exit_code, result.output) == (0, "rules: 2 passed\n")


def test_a_test_that_fails_is_told_with_what_decided_and_is_exit_code_1() -> None:
    write("rules/a.yaml", NORTH + SELF_TESTED.replace("hides", "shows"))
    result = tailor("test", "rules", "--junit", "results.xml")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "FAILED rules/a.yaml:9:5: a Dane",
        "    shows north: not for this visitor, by geo.country: [NO, SE] (saw DK)",
        "rules: 1 failed, 1 passed",
    ]
    assert b'failures="1"' in Path("results.xml").read_bytes()


def test_no_tests_to_run_is_not_a_pass() -> None:
    write("rules/a.yaml", GOOD)
    result = tailor("test", "rules")
    assert (result.exit_code, result.stderr) == (2, "rules: no tests (they stand under `tests:` of a rule file)\n")


def test_results_that_can_not_be_written_are_one_line() -> None:
    write("rules/a.yaml", NORTH + SELF_TESTED)
    result = tailor("test", "rules", "--junit", "nowhere/results.xml")
    assert (result.exit_code, result.stderr) == (
        2,
        "nowhere/results.xml: can't be written: No such file or directory\n",
    )


def test_tests_of_a_rulebook_that_does_not_load_are_not_run() -> None:
    write("rules/a.yaml", BAD + SELF_TESTED)
    result = tailor("test", "rules")
    assert result.exit_code == 1
    assert "unknown experience `north`" in result.output


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


def test_serve_does_not_start_with_a_weak_secret_and_does_not_tell_it() -> None:
    write("rules/a.yaml", GOOD)
    result = tailor("serve", "--origin", "http://127.0.0.1:9", TAILOR_SECRETS="hunter2")
    assert result.exit_code == 2
    assert "TAILOR_SECRETS: secret 1 has 7 bytes, 32 is the least" in result.stderr
    assert "hunter2" not in result.stderr


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
        "from proxy.cli import main\n"
        "main(['--version'], standalone_mode=False)\n"
        "heavy = {'pydantic', 'uvicorn', 'aiohttp', 'starlette', 'yaml', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tailor, version ")
