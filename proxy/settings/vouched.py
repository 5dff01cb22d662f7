"""What the settings of vouched attributes must be: where a token or a signed cookie stands, and by what it is checked.

Owns also which names an attribute `visitor.<name>` may have, whoever tells it. `proxy.settings.model` names and
explains the settings; keys are read by `proxy.visitor.vouched_keys`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

REMEMBERED_NAMES = frozenset({"new", "preferences"})
"""Attributes that the visitor's profile tells, and nobody else."""
SIGNED_NAMES = frozenset({"email", "email_domain"})
"""Attributes that need a signature, or the origin's word: a company is found by them."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 §5.6.2
_MAX_NAME_LENGTH = 50


def is_attribute(name: str) -> bool:
    """Whether `visitor.<name>` may be vouched for."""
    return len(name) <= _MAX_NAME_LENGTH and _NAME.fullmatch(name) is not None and name not in REMEMBERED_NAMES


def check_attribute(name: str) -> None:
    """Raise ValueError, with what to do, where an operator's `visitor.<name>` can't be vouched for."""
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME_LENGTH:
        raise ValueError(f"{name!r} can't name a signal (use a-z, 0-9 and _, beginning with a letter)")
    if name in REMEMBERED_NAMES:
        raise ValueError(f"visitor.{name} is told by the visitor's profile (choose another name)")


class JwtAlgorithm(StrEnum):
    """Signatures of tokens (RFC 7518 §3.1). `none` is not among them, and never will be."""

    HS256 = "HS256"
    RS256 = "RS256"
    ES256 = "ES256"


def _cookie(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise ValueError(f"{value!r} can't name a cookie (such as session_jwt)")
    return value


def _header(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise ValueError(f"{value!r} can't name a header (such as authorization)")
    return value.lower()


def _algorithms(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _claims(value: Mapping[str, str]) -> Mapping[str, str]:
    for name in value:
        check_attribute(name)
    if not value or "" in value.values():
        raise ValueError('name a claim for each attribute (such as {plan = "plan", status = "customer.status"})')
    return value


_SECTION = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class VouchedJwt(BaseModel):
    """`[vouched_jwt]`: a token of the site's (RFC 7519), in one cookie or header, checked by one file of keys."""

    model_config = _SECTION

    algorithms: Annotated[tuple[JwtAlgorithm, ...], BeforeValidator(_algorithms), Field(min_length=1)] = Field(
        examples=['["RS256"]']
    )
    claims: Annotated[Mapping[str, str], AfterValidator(_claims)] = Field(examples=['{plan = "plan"}'])
    cookie: Annotated[str, AfterValidator(_cookie)] | None = None
    header: Annotated[str, AfterValidator(_header)] | None = None
    secret_file: Path | None = None
    public_key_file: Path | None = None
    jwks_file: Path | None = None
    issuer: str | None = None
    audience: str | None = None

    @property
    def key_file(self) -> Path:
        """The one file of keys."""
        (path,) = (path for path in (self.secret_file, self.public_key_file, self.jwks_file) if path is not None)
        return path

    @model_validator(mode="after")
    def _stand_in_one_place(self) -> Self:
        if (self.cookie is None) == (self.header is None):
            raise ValueError("the token's place must be one (give either cookie or header)")
        return self

    @model_validator(mode="after")
    def _check_by_keys_of_one_kind(self) -> Self:
        if [self.secret_file, self.public_key_file, self.jwks_file].count(None) != 2:
            raise ValueError("the keys must be in one file (give one of secret_file, public_key_file, jwks_file)")
        # A public key is known to everyone, and where it is taken for a secret everyone can sign (RFC 8725 §2.1).
        if self.secret_file is not None and {*self.algorithms} != {JwtAlgorithm.HS256}:
            raise ValueError('secret_file signs with HS256 alone (write algorithms = ["HS256"])')
        if self.secret_file is None and JwtAlgorithm.HS256 in self.algorithms:
            raise ValueError("HS256 signs with a secret, not with a public key (give secret_file, or leave it out)")
        return self


class VouchedCookie(BaseModel):
    """`[vouched_cookie]`: a cookie that the site signs with a secret that Tailor knows too."""

    model_config = _SECTION

    cookie: Annotated[str, AfterValidator(_cookie)] = Field(examples=['"shop_visitor"'])
    secret_file: Path = Field(examples=['"shop.secret"'])


def _inline_table(value: object) -> object:
    """Flags and the environment give text: an inline table of TOML."""
    if not isinstance(value, str):
        return value
    try:
        return tomllib.loads(f"table = {value}")["table"]
    except tomllib.TOMLDecodeError as error:
        raise ValueError('is not an inline table of TOML (write it like {cookie = "shop_visitor", …})') from error


JwtSection = Annotated[VouchedJwt | None, BeforeValidator(_inline_table)]
CookieSection = Annotated[VouchedCookie | None, BeforeValidator(_inline_table)]
