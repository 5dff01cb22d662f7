from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from proxy.settings.model import Settings

URL = "https://companies.example/v1/{ip}?full=1"


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"origin": "http://origin.example", **given})


def refusal(**given: Any) -> str:
    with pytest.raises(ValidationError) as error:
        settings(**given)
    return str(error.value)


def test_pairs_are_read_from_flags_the_environment_and_the_file() -> None:
    told = {"name": "company.name", "domain": "company.domain"}
    for written in (told, ("name=company.name", "domain = company.domain"), "name=company.name, domain=company.domain"):
        assert settings(company_resolver=URL, company_resolver_fields=written).company_resolver_fields == told


def test_a_headers_value_may_hold_what_separates_pairs() -> None:
    given = settings(
        company_resolver=URL,
        company_resolver_fields={"name": "name"},
        company_resolver_headers=["accept=application/json, text/json", "x-key=a=b"],
    )
    assert given.company_resolver_headers == {"accept": "application/json, text/json", "x-key": "a=b"}


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("companies.example/{ip}", "is not an http or https URL"),
        ("ftp://companies.example/{ip}", "is not an http or https URL"),
        ("https:///{ip}", "is not an http or https URL"),
        ("https://companies.example/v1", "has no place for the address"),
        ("https://{ip}.companies.example/", "has no place for the address"),
        ("https://companies.example/ü/{ip}", "must be encoded"),
        ("https://companies.example/ x/{ip}", "must be encoded"),
    ],
)
def test_a_url_has_a_place_for_the_address(url: str, told: str) -> None:
    assert told in refusal(company_resolver=url, company_resolver_fields={"name": "name"})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"company_resolver": URL}, "says neither where the name nor where the domain is"),
        ({"company_resolver": URL, "company_resolver_fields": {"country": "country"}}, "says neither"),
        ({"company_resolver_fields": {"name": "name"}}, "is missing"),
        ({"company_resolver_headers": {"x": "y"}}, "is missing"),
        ({"company_resolver": URL, "company_resolver_fields": {"Name": "name"}}, "can't name a signal"),
        ({"company_resolver": URL, "company_resolver_fields": {"name": "a..b"}}, "is not a path"),
        ({"company_resolver": URL, "company_resolver_fields": "name"}, "is not a pair"),
        ({"company_resolver": URL, "company_resolver_headers": {"x y": "z"}}, "can't name a header"),
        ({"company_resolver": URL, "company_resolver_headers": {"x": "a\nb"}}, "can't be sent"),
        ({"company_resolver_seconds": 0}, "greater than 0"),
        ({"company_resolver_seconds": 6}, "less than or equal to 5"),
    ],
)
def test_what_would_not_work_is_told(given: dict[str, Any], told: str) -> None:
    assert told in refusal(**given)
