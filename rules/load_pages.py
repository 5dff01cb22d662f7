"""`pages:`, `except:` and the `page:` of a goal -> patterns."""

from __future__ import annotations

from rules import fields
from rules.errors import MistakeError
from rules.fields import Problems
from rules.nodes import Entries, Node, Scalar
from rules.pages import PagePattern

KEYS = ("path", "host", "query")


def read_pages(node: Node, what: str, problems: Problems) -> tuple[PagePattern, ...]:
    """The patterns of a list that are right, or of one; the problems hold what is not."""
    patterns: list[PagePattern] = []
    for item in fields.nodes(node, what):
        with problems.at(item):
            patterns.append(_page(item, problems))
    return tuple(patterns)


def _page(node: Node, problems: Problems) -> PagePattern:
    if not isinstance(node, Entries):
        return PagePattern(fields.text(node, "a page"))
    fields.known_keys(node, "a page", KEYS, problems)
    path, host, query = (node.get(key) for key in KEYS)
    if path is None and host is None and query is None:
        raise MistakeError("a page without `path`", hint="such as path: /products/*")
    pairs = fields.entries(query, "`query`").pairs if query is not None else ()
    return PagePattern(
        # A host or a query alone is meant for every path.
        fields.text(path, "`path`") if path is not None else "/**",
        fields.text(host, "`host`") if host is not None else "",
        tuple((name.text, _query_value(name, value)) for name, value in pairs),
    )


def _query_value(name: Scalar, value: Node) -> str:
    if isinstance(value, Scalar) and value.is_null:
        raise MistakeError(f"`{name.text}` has no value", hint='for any value write "*"', position=value.position)
    return fields.text(value, f"`{name.text}`")
