"""The kinds of URL that a rulebook tells apart: for each, an example, and which experiences are for it.

There is one for each page pattern, and one for each two of them with `*`, a host or a query that can be meant together.
Three that meet where no two of them do alone are not looked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from urllib.parse import unquote

from rules.linting.common_urls import Url, common_url, literal_start
from rules.model import Experience
from rules.pages import PagePattern

_MOST_SPECIAL = 60


@dataclass(frozen=True, slots=True)
class UrlKind:
    """Experiences that are for the same URLs, in the order in which they win; `written` is the pattern, or both."""

    written: str
    experiences: tuple[Experience, ...]


def url_kinds(experiences: Sequence[Experience]) -> Iterator[UrlKind]:
    """The kinds of URL, those of one pattern first; no two with the same experiences."""
    index = _Index(experiences)
    seen: set[tuple[str, ...]] = set()
    for written, url in _examples(experiences):
        found = tuple(sorted(index.experiences_for(url), key=lambda each: (-each.priority, each.order)))
        ids = tuple(each.id for each in found)
        if found and ids not in seen:
            seen.add(ids)
            yield UrlKind(written, found)


def _examples(experiences: Sequence[Experience]) -> Iterator[tuple[str, Url]]:
    patterns = dict.fromkeys(pattern for experience in experiences for pattern in experience.pages)
    for pattern in patterns:
        if (url := common_url(pattern, pattern)) is not None:
            yield _written(pattern), url
    special = [pattern for pattern in patterns if "*" in pattern.path or pattern.host or pattern.query]
    for one, other in combinations(special[:_MOST_SPECIAL], 2):
        if (url := common_url(one, other)) is not None:
            yield f"{_written(one)} and {_written(other)}", url


def _written(pattern: PagePattern) -> str:
    query = "&".join(f"{name}={value}" for name, value in pattern.query)
    return f"{pattern.host}{pattern.path}{'?' if query else ''}{query}"


class _Index:
    """Experiences by the paths of their pages."""

    def __init__(self, experiences: Sequence[Experience]) -> None:
        self._by_path: defaultdict[str, dict[str, Experience]] = defaultdict(dict)
        self._by_glob: defaultdict[str, dict[str, Experience]] = defaultdict(dict)
        for experience in experiences:
            for pattern in experience.pages:
                if "*" in pattern.path:
                    self._by_glob[literal_start(pattern)][experience.id] = experience
                else:
                    self._by_path[unquote(pattern.path, errors="replace")][experience.id] = experience

    def experiences_for(self, url: Url) -> Iterator[Experience]:
        """Those that are for a URL, whatever its host where the URL tells none."""
        found = dict(self._by_path.get(url.path, {}))
        for start, experiences in self._by_glob.items():
            if url.path.startswith(start):
                found |= experiences
        yield from filter(url.is_page_of, found.values())
