from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proxy.company.links import LinkReader
from tests.proxy.commands import tailor, write

KEY = "k" * 32
ACCOUNTS = "name,alias,domains,cidrs\nNordea Bank Abp,Nordea,nordea.example,9.9.9.0/24\n"
URL = "https://shop.example/offer?x=1#top"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TAILOR_CORPUS", raising=False)


def signed(output: str) -> str:
    found = re.fullmatch(r"https://shop\.example/offer\?x=1&tailor_company=([\w.-]+)#top\n", output)
    assert found, output
    return found[1]


def company(value: str, now: datetime | None = None) -> str | None:
    return LinkReader([KEY.encode()], now=lambda: now or datetime.now(UTC)).company(value)


def test_accounts_that_are_fine_are_counted() -> None:
    write("accounts.csv", ACCOUNTS)
    result = tailor("accounts", "check", "accounts.csv")
    assert (result.exit_code, result.output) == (
        0,
        "accounts.csv: fine; 1 account, found by 1 domain, 1 range, 0 networks; 0 warnings\n",
    )


def test_warnings_are_told_and_keep_nothing_from_going_live() -> None:
    write("accounts.csv", ACCOUNTS + "Nordea Bank Abp,,gmail.com,10.0.0.0/8\n")
    result = tailor("accounts", "check", "accounts.csv")
    assert result.exit_code == 0
    assert len(re.findall(r"^accounts\.csv:3:1: warning: ", result.output, re.MULTILINE)) == 3
    assert result.output.endswith("; 3 warnings\n")


def test_what_is_wrong_is_told_with_its_line() -> None:
    write("accounts.csv", ACCOUNTS + "DNB,,dnb,0.0.0.0/0\n")
    result = tailor("accounts", "check", "accounts.csv")
    assert result.exit_code == 1
    assert "accounts.csv:3:1: cidrs: `0.0.0.0/0` is too wide" in result.output
    assert result.output.endswith("accounts.csv: 2 problems in 1 file\n")


def test_a_file_that_is_not_there_can_not_be_checked() -> None:
    assert tailor("accounts", "check", "none.csv").exit_code == 2


def test_a_link_is_signed_with_the_secrets_of_tailor_serve() -> None:
    write("secret", KEY)
    Path("secret").chmod(0o600)
    result = tailor("link", "--company", "nordea", "--secret-file", "secret", URL)
    assert result.exit_code == 0
    assert company(signed(result.output)) == "nordea"


@pytest.mark.parametrize("way", ["variable", "file"])
def test_its_secrets_may_stand_where_all_settings_do(way: str) -> None:
    if way == "file":
        write("tailor.toml", 'secret_file = "secret"')
        write("secret", KEY)
        Path("secret").chmod(0o600)
    environment = {"TAILOR_SECRETS": KEY} if way == "variable" else {}
    result = tailor("link", "--company", "nordea", URL, **environment)
    assert company(signed(result.output)) == "nordea"


def test_without_a_secret_one_is_made_in_the_data_folder() -> None:
    first, second = (tailor("link", "--company", "nordea", "--data", "kept", URL) for _ in range(2))
    assert first.exit_code == 0
    assert first.output == second.output
    assert Path("kept/secret").exists()


def test_a_link_may_be_good_for_some_days() -> None:
    result = tailor("link", "--company", "nordea", "--days", "30", URL, TAILOR_SECRETS=KEY)
    value, now = signed(result.output), datetime.now(UTC)
    assert company(value, now + timedelta(days=29)) == "nordea"
    assert company(value, now + timedelta(days=31)) is None


@pytest.mark.parametrize("name", ["nordea", "Nordea Bank Abp", "nordea.example"])
def test_a_company_is_looked_up_in_the_accounts_if_there_are_some(name: str) -> None:
    write("accounts.csv", ACCOUNTS)
    assert tailor("link", "--company", name, "--accounts", "accounts.csv", URL, TAILOR_SECRETS=KEY).exit_code == 0


def test_a_company_that_is_not_among_them_is_told_the_nearest() -> None:
    write("accounts.csv", ACCOUNTS)
    write("tailor.toml", 'accounts = "accounts.csv"')
    result = tailor("link", "--company", "nodrea", URL, TAILOR_SECRETS=KEY)
    assert result.exit_code == 2
    assert "accounts.csv: no account `nodrea` (did you mean 'Nordea'?)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--company", "nordea", "shop.example"], "is not an http or https URL"),
        (["--company", " ", URL], "can't be a company"),
        (["--company", "nordea", "--secret-file", "none", URL], "none: can't be read"),
        (["--company", "nordea", "--accounts", "none.csv", URL], "none.csv: can't be read"),
        ([URL], "--company"),
        (["--company", "nordea", "--days", "0", URL], "--days"),
    ],
)
def test_what_can_not_be_signed_is_told(arguments: list[str], told: str) -> None:
    result = tailor("link", *arguments)
    assert result.exit_code == 2
    assert told in result.stderr


def test_tailor_does_not_start_with_accounts_that_are_wrong() -> None:
    write("rules/a.yaml", "experiences:\n  hello: {pages: /, change: [{select: h1, text: Hi}]}\n")
    write("accounts.csv", "name,country\nNordea,Finland\n")
    result = tailor("serve", "--origin", "http://127.0.0.1:1", "--accounts", "accounts.csv", "--asn-db", "asn.mmdb")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "accounts.csv:2:1: country: `Finland` is not a country's two letters (ISO 3166-1) (such as NO or DE)",
        "asn.mmdb: can't be read: No such file or directory (check --asn-db)",
    ]
