"""Page patterns: which URLs an experience is for.

The path is a glob: `*` is one segment or a part of one, `**` any number of segments, none included, and a trailing
slash counts. `/blog/**` is all that lies under `/blog/`, that page included and `/blog` not. Paths are compared as the
proxy's canonical path: percent-decoded text, case as it is. Hosts and query values are globs too, and ignore case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from rules.errors import MistakeError
from rules.expressions import Expression, quoted
from rules.globs import TextGlob


@dataclass(frozen=True, slots=True)
class PagePattern:
    """One pattern of `pages:` or `except:`. A path that can't be one raises MistakeError.

    >>> PagePattern("/products/*").matches("", "/products/shoes", {})
    True
    >>> PagePattern("/", query=(("ref", "news*"),)).matches("", "/", {"ref": "newsletter"})
    True
    """

    path: str
    host: str = ""
    query: tuple[tuple[str, str], ...] = ()
    _path: Expression | str = field(init=False, repr=False, compare=False)
    _host: TextGlob | None = field(init=False, repr=False, compare=False)
    _query: tuple[tuple[str, TextGlob], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _refuse_what_is_no_path(self.path)
        path = Expression(_expression(self.path)) if "*" in self.path else _decoded(self.path)
        object.__setattr__(self, "_path", path)
        object.__setattr__(self, "_host", TextGlob(self.host) if self.host else None)
        object.__setattr__(self, "_query", tuple((name, TextGlob(value)) for name, value in self.query))

    def matches(self, host: str, path: str, query: Mapping[str, str]) -> bool:
        """Whether a URL is meant: its host, canonical path and decoded query parameters."""
        return self.matches_place(host, path) and self.matches_query(query)

    def matches_place(self, host: str, path: str) -> bool:
        """Whether host and path are meant, whatever the query: what can be kept for a URL."""
        if self._host is not None and not self._host.matches(_without_port(host, self.host)):
            return False
        return path == self._path if isinstance(self._path, str) else self._path.fits(path)

    def matches_query(self, query: Mapping[str, str]) -> bool:
        """Whether every parameter that the pattern names is there, and fits."""
        return all(name in query and glob.matches(query[name]) for name, glob in self._query)


def _refuse_what_is_no_path(path: str) -> None:
    if "://" in path:
        after = path.split("://", 1)[1]
        host, _, rest = after.partition("/")
        raise MistakeError(f"`{path}` is a whole URL, not a path", hint=f"write {{path: /{rest}, host: {host}}}")
    if not path.startswith("/"):
        raise MistakeError(f"the path `{path}` does not begin with `/`", hint=f"did you mean '/{path}'?")
    if "?" in path or "#" in path:
        plain = re.split("[?#]", path)[0]
        raise MistakeError(
            f"`{path}` is more than a path",
            hint=f"write {{path: {plain}, query: {{name: value}}}}; a fragment is never sent",
        )
    for segment in path.split("/"):
        if "**" in segment and segment != "**":
            raise MistakeError(f"`**` in `{path}` shares its segment", hint="inside a segment write a single `*`")


def _expression(path: str) -> str:
    """The regular expression of a glob: linear, since RE2 runs it."""
    pieces: list[str] = []
    segments = path[1:].split("/")
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment == "**":
            pieces.append(".*" if last else "(?:.*/)?")
            continue
        pieces.append(
            "[^/]+" if segment == "*" else "[^/]*".join(quoted(_decoded(piece)) for piece in segment.split("*"))
        )
        if not last:
            pieces.append("/")
    return "/" + "".join(pieces)


def _decoded(text: str) -> str:
    """Canonical text, also of what was copied from an address bar."""
    return unquote(text, errors="replace")


def _without_port(host: str, pattern: str) -> str:
    """The host without its port, unless the pattern names one."""
    return host if ":" in pattern else re.sub(r":\d+$", "", host)


def query_parameters(query: str) -> dict[str, str]:
    """The decoded parameters of a query, as patterns are held against them; of those with one name the first counts."""
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters.setdefault(name, value)
    return parameters
