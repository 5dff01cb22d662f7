"""Which cuts the second engine has to see: the first of a URL, a sample of those after it, and what comes twice.

Of pages that are cut by a precedent it sees fewer: it saw that one.

One history is of one path under one decision. Trouble is a variant that was disagreed with, or a refusal, and the query
under which it was met: what a stranger's query brings into a page must keep nothing off the pages of others.
"""

from __future__ import annotations

from dataclasses import dataclass

from proxy.page.recut import Precedent

_SAMPLE = 16
_SAMPLE_ALIKE = 128
_SAMPLE_UNLIKE = 256


@dataclass(slots=True)
class History:
    """How many new pages came, the last one of them, and the trouble with them.

    `aside` are the digests of the variants that were disagreed with, `refused` why no page can be touched. `alike` of
    the pages could be cut by the `precedent` of their time; `pages` are the others.
    """

    pages: int = 0
    alike: int = 0
    precedent: Precedent | None = None
    last_page: int = 0
    aside: frozenset[str] = frozenset()
    refused: str = ""
    query: int = 0

    def is_due(self, page: int, *, is_alike: bool = False) -> bool:
        """Note that a page with this hash came, and say whether it is one to be verified."""
        is_again = self.last_page == page
        self.last_page = page
        if is_alike:
            self.alike += 1
            return is_again or self.alike % _SAMPLE_ALIKE == 0
        self.pages += 1
        return is_again or self.pages % _SAMPLE == 1

    def wants_precedent(self) -> bool:
        """Whether a page that was compiled and verified is to be one: pages change, and the last one, if any, served.

        One that never did is replaced now and then: to find out again what the pages have in common takes a while.
        """
        is_served = self.precedent is None or self.precedent.uses > 0
        return self.pages > 1 and self.pages % (_SAMPLE if is_served else _SAMPLE_UNLIKE) == 1

    def is_troubled_elsewhere(self, query: bytes) -> bool:
        """Whether there was trouble, and under another query."""
        return bool(self.aside or self.refused) and self.query != hash(query)

    def note_verified(self, query: bytes, aside: frozenset[str], *, is_due: bool) -> None:
        """What the second engine said of a page. A good one that was not due takes no trouble back."""
        if aside or is_due or not self.is_troubled_elsewhere(query):
            self.query, self.aside, self.refused = hash(query), aside, ""

    def note_refused(self, query: bytes, why: str) -> None:
        """That a page can't be touched."""
        self.query, self.aside, self.refused = hash(query), frozenset(), why
