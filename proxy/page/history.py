"""Which cuts the second engine has to see: the first of a URL, a sample of those after it, and what comes twice.

One history is of one path under one decision. Trouble is a variant that was disagreed with, or a refusal, and the query
under which it was met: what a stranger's query brings into a page must keep nothing off the pages of others.
"""

from __future__ import annotations

from dataclasses import dataclass

_SAMPLE = 16


@dataclass(slots=True)
class History:
    """How many new pages came, the last one of them, and the trouble with them.

    `aside` are the digests of the variants that were disagreed with, `refused` why no page can be touched.
    """

    pages: int = 0
    last_page: int = 0
    aside: frozenset[str] = frozenset()
    refused: str = ""
    query: int = 0

    def is_due(self, page: int) -> bool:
        """Note that a page with this hash came, and say whether it is one to be verified."""
        is_due = self.pages % _SAMPLE == 0 or self.last_page == page
        self.pages += 1
        self.last_page = page
        return is_due

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
