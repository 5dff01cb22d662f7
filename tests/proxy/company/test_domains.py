from __future__ import annotations

import re

import pytest

from proxy.company.domains import DomainError, is_mail_provider, is_plain_domain, mail_providers, read_domain


@pytest.mark.parametrize(
    ("written", "domain"),
    [
        ("nordea.example", "nordea.example"),
        ("Nordea.Example.", "nordea.example"),
        ("www.nordea.example", "nordea.example"),
        ("https://www.nordea.example/en?x=1#top", "nordea.example"),
        ("nordea.example:8443", "nordea.example"),
        ("@nordea.example", "nordea.example"),
        ("anna@mail.nordea.example", "mail.nordea.example"),
        ("*.nordea.example", "nordea.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("nordea.co.uk", "nordea.co.uk"),
    ],
)
def test_a_domain_is_read_from_what_people_write(written: str, domain: str) -> None:
    assert read_domain(written) == domain


@pytest.mark.parametrize(
    "written",
    ["", "nordea", "nordea,example", "nor dea.example", "a..example", "-a.example", "192.0.2.1", "x." * 200, "é" * 99],
)
def test_what_is_no_domain_is_refused(written: str) -> None:
    with pytest.raises(DomainError, match="domain"):
        read_domain(written)


@pytest.mark.parametrize("written", ["co.uk", "https://com.au/", "ac.at"])
def test_a_registrys_domain_would_be_everyones(written: str) -> None:
    with pytest.raises(DomainError, match="everyone"):
        read_domain(written)


@pytest.mark.parametrize("word", ["www.nordea.example", "Nordea.example", "co.uk", "nordea.example/", "a b.example"])
def test_only_what_needs_no_reading_is_plain(word: str) -> None:
    assert not is_plain_domain(word)


@pytest.mark.parametrize(
    "domain", ["gmail.com", "outlook.com", "hotmail.co.uk", "qq.com", "a.privaterelay.appleid.com"]
)
def test_providers_of_mail_are_known(domain: str) -> None:
    assert is_mail_provider(domain)


@pytest.mark.parametrize("domain", ["nordea.example", "notgmail.com", "com", "google.com", "microsoft.com"])
def test_others_are_none(domain: str) -> None:
    assert not is_mail_provider(domain)


def test_the_shipped_list_holds_domains_and_each_once_at_most_below_another() -> None:
    providers = mail_providers()
    assert len(providers) > 300
    for domain in providers:
        assert re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", domain), domain
