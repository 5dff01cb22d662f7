"""HTML's tags and attributes as pieces of regular expressions, after the tokenizer of the HTML Standard (§13.2.5).

For markup as text and, encoded, for a page's bytes. What is done with tags is for those who read or write them.
"""

from __future__ import annotations

SPACE = " \t\n\f\r"
"""All that is white space to HTML, to stand in a character class; any other is a letter of a name or a value."""


def _attribute(name: str, double: str, single: str, bare: str) -> str:
    equals = rf"[{SPACE}]*+=[{SPACE}]*+"
    # A quote in a name or in a bare value is a letter like others; one that opens a value and is not closed leaves no
    # attribute, and no tag.
    value = rf"(?:\"{double}\"|'{single}'|{bare}|(?=>))"
    return rf"{name}(?:{equals}{value}|(?![{SPACE}]*=))"


_NAME = rf"(?:=?[^{SPACE}/>=]++|=)"
_DOUBLE, _SINGLE, _BARE = '[^"]*+', "[^']*+", rf"[^{SPACE}>\"'][^{SPACE}>]*+"

ATTRIBUTE = _attribute(f"(?P<name>{_NAME})", f"(?P<double>{_DOUBLE})", f"(?P<single>{_SINGLE})", f"(?P<bare>{_BARE})")
"""An attribute; its value, if it has one, is the last group that matched."""

BETWEEN_ATTRIBUTES = rf"[{SPACE}/]*+"

TAG_REST = rf"(?:[{SPACE}/]++|{_attribute(_NAME, _DOUBLE, _SINGLE, _BARE)})*+>"
"""What is left of a tag behind its name, without groups. A `>` in quotes does not end it."""

NAME_END = rf"(?=[{SPACE}/>])"
"""What ends a tag's name."""

RAW_TEXT = frozenset("script style iframe noembed noframes noscript xmp plaintext".split())
"""Elements whose content is no markup (§13.2.6.2), with scripting."""
