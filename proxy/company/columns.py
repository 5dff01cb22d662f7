"""The columns of an accounts file: which of them mean something, and what the others are called.

A heading is read without regard to case, spaces and signs: “IP ranges” is `ip_ranges`, which is `cidrs`. A heading that
has no meaning here is the team's own, and becomes the signal `company.<column>`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rules.errors import MistakeError

ALIASES: Mapping[str, tuple[str, ...]] = {
    "name": ("company", "company_name", "account", "account_name"),
    "alias": ("short_name", "display_name"),
    "domains": ("domain", "website", "websites", "url", "email_domain", "email_domains"),
    "cidrs": ("cidr", "ip", "ips", "ip_range", "ip_ranges", "range", "ranges", "networks"),
    "asns": ("asn", "as_number", "as_numbers"),
    "industry": ("sector",),
    "employees": ("employee_count", "number_of_employees", "headcount"),
    "revenue": ("annual_revenue",),
    "country": ("country_code",),
    "tier": ("account_tier",),
    "list": ("lists",),
}
"""Every column that means something, and what else it may be called."""

TAKEN = ("confidence", "found_by")
"""Signals of Tailor's own, which no column can be."""

_MEANINGS = {name: column for column, names in ALIASES.items() for name in (column, *names)}
_LETTERS = re.compile(r"[^a-z0-9]+")
_OWN_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each column of a file stands: those with a meaning by their names, and the team's own."""

    meant: Mapping[str, int]
    own: Mapping[str, int]


def read_layout(headings: Sequence[str]) -> Layout:
    """The layout of a file with these headings; an empty one is of a column that is not read. Raise MistakeError."""
    meant: dict[str, int] = {}
    own: dict[str, int] = {}
    for index, heading in enumerate(headings):
        if not (name := column_name(heading)):
            if heading.strip():
                raise MistakeError(f"`{heading}` can't be the name of a column", hint="use a to z, 0 to 9 and _")
            continue
        column = _MEANINGS.get(name, name)
        if column in meant or column in own:
            other = headings[{**meant, **own}[column]]
            raise MistakeError(f"`{heading}` and `{other}` are the same column, `{column}`", hint="rename one of them")
        if column in TAKEN:
            raise MistakeError(f"`{column}` is told by Tailor itself", hint="rename the column")
        (meant if column in ALIASES else own)[column] = index
    if "name" not in meant:
        hint = "begin with a line of column names, such as name,domains,cidrs"
        raise MistakeError("there is no column `name`", hint=hint)
    return Layout(meant, own)


def column_name(heading: str) -> str:
    """A heading as a signal's name has it; empty where it can't be one.

    >>> column_name("Account Owner"), column_name("Größe (2026)"), column_name("2026")
    ('account_owner', 'grosse_2026', '')
    """
    plain = unicodedata.normalize("NFKD", heading.casefold())
    name = _LETTERS.sub("_", plain.encode("ascii", "ignore").decode()).strip("_")
    return name if _OWN_NAME.fullmatch(name) else ""
