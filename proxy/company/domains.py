"""Domains of companies, and those that say nothing of one: public suffixes and providers of mail to everyone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

MAX_LENGTH = 253  # RFC 1035 §2.3.4

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}")
_AROUND = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?(?:\*\.)?(?:www\.)?|[:/?#].*$", re.DOTALL)
# Below a country's code: registries of everyone, not companies.
_SECOND_LEVEL = frozenset(
    "ac co com edu gen go gob gouv gov govt gv ltd me mil ne net nhs nom or org plc sch school".split()
)
_MAIL_PROVIDERS = "mail_providers.txt"


class DomainError(ValueError):
    """A text that is no domain, or one of more than a company."""


def read_domain(word: str) -> str:
    """A domain in lower case, from a domain, a URL or an email address; in ASCII (RFC 5890).

    >>> read_domain("https://www.Nordea.example/about"), read_domain("@bücher.example")
    ('nordea.example', 'xn--bcher-kva.example')
    """
    if len(word) > 8 * MAX_LENGTH:
        raise DomainError("a domain is not that long")
    domain = _AROUND.sub("", word.strip().lower()).rstrip(".")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError:
            raise DomainError(f"`{word}` is not a domain") from None
    if len(domain) > MAX_LENGTH or not _DOMAIN.fullmatch(domain):
        raise DomainError(f"`{word}` is not a domain")
    if is_public_suffix(domain):
        raise DomainError(f"`{word}` is a registry's, and would be the domain of everyone below it")
    return domain


def is_plain_domain(word: str) -> bool:
    """Whether a text is a domain just as it stands."""
    plain = len(word) <= MAX_LENGTH and not word.startswith("www.") and _DOMAIN.fullmatch(word)
    return bool(plain) and not is_public_suffix(word)


def is_public_suffix(domain: str) -> bool:
    """Whether it looks like `co.uk`. The whole list is longer, and changes; these are what is met in practice."""
    second, _, top = domain.rpartition(".")
    return len(top) == 2 and second in _SECOND_LEVEL


def with_parents(domain: str) -> Iterator[str]:
    """The domain, and those it lies in, down to two labels.

    >>> list(with_parents("mail.eu.nordea.example"))
    ['mail.eu.nordea.example', 'eu.nordea.example', 'nordea.example']
    """
    while "." in domain:
        yield domain
        domain = domain.partition(".")[2]


def is_mail_provider(domain: str) -> bool:
    """Whether anyone can have an address there, so that it says nothing of a company."""
    providers = mail_providers()
    return any(each in providers for each in with_parents(domain))


@cache
def mail_providers() -> frozenset[str]:
    """The shipped list."""
    text = (files("proxy.company") / "lists" / _MAIL_PROVIDERS).read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() for word in line.partition("#")[0].split())
