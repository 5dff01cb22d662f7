from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from proxy.company.links import MAX_BYTES, LinkError, LinkReader, expiry, sign_company

OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32
NOW = datetime(2026, 12, 2, 10, tzinfo=UTC)


def reader(*keys: bytes, now: datetime = NOW) -> LinkReader:
    return LinkReader(keys, now=lambda: now)


@pytest.mark.parametrize("company", ["nordea", "Nordea Bank Abp", "Ærø Brød & Sønner", "nordea.example"])
def test_a_link_says_the_company_that_was_signed(company: str) -> None:
    assert reader(NEW).company(sign_company(company, [NEW])) == company


def test_a_link_can_stand_in_a_url_as_it_is() -> None:
    assert set(sign_company("Ærø Brød", [NEW])) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    )


def test_a_link_of_an_older_key_still_counts() -> None:
    assert reader(NEW, OLD).company(sign_company("nordea", [OLD])) == "nordea"
    assert reader(OLD).company(sign_company("nordea", [NEW, OLD])) is None


def test_a_link_without_an_end_is_good_for_ever() -> None:
    signed = sign_company("nordea", [NEW])
    assert reader(NEW, now=NOW + timedelta(days=9000)).company(signed) == "nordea"


def test_a_link_with_an_end_is_over_then() -> None:
    signed = sign_company("nordea", [NEW], until=expiry(NOW, days=30))
    assert reader(NEW, now=NOW + timedelta(days=30, seconds=-1)).company(signed) == "nordea"
    late = reader(NEW, now=NOW + timedelta(days=30))
    assert late.company(signed) is None
    assert late.refused == {"expired": 1}


@pytest.mark.parametrize(
    "tampered",
    [
        sign_company("nordea", [FOREIGN]),
        sign_company("nordea", [NEW])[:-1],
        sign_company("nordea", [NEW]).replace(".", "x.", 1),
        "nordea",
        ".",
        "..",
        ".eJw",
        "é",
        "x" * (MAX_BYTES + 1),
    ],
)
def test_what_was_not_signed_by_us_is_ignored_and_counted(tampered: str) -> None:
    links = reader(NEW)
    assert links.company(tampered) is None
    assert links.refused == {"tampered": 1}


def test_a_signature_for_another_purpose_does_not_count() -> None:
    from itsdangerous import URLSafeSerializer

    other = URLSafeSerializer(NEW, salt=b"tailor.visitor.id").dumps(["nordea", 0])
    assert reader(NEW).company(str(other)) is None


def test_only_the_first_of_each_kind_is_logged_and_never_what_it_said(caplog: pytest.LogCaptureFixture) -> None:
    links = reader(NEW)
    with caplog.at_level(logging.WARNING):
        for number in range(50):
            links.company(f"forged-{number}")
        links.company(sign_company("nordea", [NEW], until=NOW))
    assert [record.getMessage().partition(". ")[0] for record in caplog.records] == [
        "A company link was ignored: tampered",
        "A company link was ignored: expired",
    ]
    assert "forged" not in caplog.text


def test_without_a_key_no_link_counts() -> None:
    assert reader().company(sign_company("nordea", [NEW])) is None


@pytest.mark.parametrize("company", ["", "  ", "x" * 201, "a\x00b"])
def test_what_can_be_no_company_is_not_signed(company: str) -> None:
    with pytest.raises(LinkError, match="name, alias or domain"):
        sign_company(company, [NEW])
