"""The page as the origin writes it: places that the rulebook changes, and places that tell whose and which it is."""

from __future__ import annotations

PLACES = "hello mine country device campaign content first badge test generation".split()
"""The elements that the rulebook changes, by their ids; each holds its own name in the origin's page."""

_MARKUP = "".join(f'<p><a id="{place}" href="/{place}" title="{place}">{place}</a></p>\n' for place in PLACES)
_ITEM = '<li class="item">An item, which is the same for everyone</li>\n'


def markup(path: str, *, owner: str, version: int, language: str = "", items: int = 20) -> bytes:
    """A page, of 2 KB and 60 bytes for each of its items."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{path}</title></head><body>\n'
        f'<p><a id="path" href="{path}">{path}</a> <a id="own" href="#">{owner}</a> '
        f'<a id="language" href="#">{language}</a> <a id="version" href="#">{version}</a></p>\n'
        f'{_MARKUP}<ul>{_ITEM * items}</ul>\n<p><a id="end" href="#">end</a></p></body></html>\n'
    ).encode()
