from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from pydantic import TypeAdapter, ValidationError

from proxy.settings.values import EVERY_ADDRESS, CookieName, Networks, Prefix, VisitorCookies, is_loopback, port_of


@pytest.mark.parametrize(
    ("url", "port"), [("http://a.example", 80), ("https://a.example", 443), ("https://a.example:8443", 8443)]
)
def test_a_url_without_a_port_has_its_schemes(url: str, port: int) -> None:
    assert port_of(urlsplit(url)) == port


def test_every_address_is_not_loopback() -> None:
    assert not any(map(is_loopback, EVERY_ADDRESS))


def test_networks_are_read_from_words_and_lists() -> None:
    networks = TypeAdapter(Networks).validate_python("loopback, 192.0.2.7")
    assert [str(network) for network in networks] == ["127.0.0.0/8", "::1/128", "192.0.2.7/32"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Networks, "localhost"), (CookieName, "a b"), (Prefix, "tailor"), (Prefix, "/../a"), (VisitorCookies, "plan")],
)
def test_what_can_not_be_is_told_with_what_could(kind: type, value: str) -> None:
    with pytest.raises(ValidationError, match=r"\("):
        TypeAdapter(kind).validate_python(value)
