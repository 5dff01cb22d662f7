"""The charset of a page, and text written in it.

Which charset a page has is decided as a browser decides it (HTML Standard §13.2.3.2): byte order mark, Content-Type,
`<meta>`. A page is cut as bytes, and only what is put into it is encoded. Bytes are read as text in one case: where
a list is ranked by what the page says of its items.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from proxy.page.locate import declared_encoding, decoded_as_browsers_do

# The names of the Encoding Standard (https://encoding.spec.whatwg.org/#names-and-labels) that Python calls otherwise,
# or whose Python namesake is a smaller set.
_CODECS = {
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "iso-8859-8-i": "iso8859_8",
    "windows-874": "cp874",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    # Their own letters are one thing to Python and another to browsers: ASCII and character references are neither.
    "x-user-defined": "ascii",
}
# An ASCII byte is not always that character in these, so spans of a Latin-1 reading would not be theirs.
_UNREADABLE = re.compile(r"utf-16|iso-2022|replacement|hz-gb", re.IGNORECASE)
_ESCAPES = re.compile(rb"\x1b[$(]")


@dataclass(frozen=True, slots=True)
class Charset:
    """A charset that keeps ASCII in place. `codec` is Python's name of its encoder."""

    name: str
    codec: str

    def encode(self, markup: str) -> bytes:
        """Markup in this charset; a character that it doesn't hold becomes a character reference."""
        if self.holds(markup):
            return markup.encode(self.codec)
        return "".join(c if self.holds(c) else f"&#{ord(c)};" for c in markup).encode(self.codec)

    def decode(self, encoded: bytes) -> str:
        """Bytes of a page as text; of one that declares no charset, as UTF-8."""
        return decoded_as_browsers_do(encoded, "utf-8" if self.name == "undeclared" else self.name)

    def holds(self, text: str) -> bool:
        """Whether `text` has bytes in this charset that browsers read as that text again."""
        if text.isascii():
            return True
        try:
            encoded = text.encode(self.codec)
        except UnicodeEncodeError:
            return False
        # Python's codecs and the Encoding Standard's differ: a yen sign becomes a backslash in EUC-JP, and that is a
        # slash to whoever reads a URL; Cyrillic letters of Big5 are others to a browser.
        return self.codec == "utf-8" or decoded_as_browsers_do(encoded, self.name) == text

    def as_latin1(self, text: str) -> str:
        """`text` as it stands in the Latin-1 reading of a page in this charset."""
        if self.holds(text):
            return text.encode(self.codec).decode("latin-1")
        # A reference: the parser turns it into the character itself, among letters read byte by byte.
        return "".join(c.encode(self.codec).decode("latin-1") if self.holds(c) else c for c in text)


class UnreadableCharsetError(Exception):
    """The page's charset does not keep ASCII in place: the page passes through untouched."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def charset_of(body: bytes, header_label: str | None) -> Charset:
    """The charset of a page; `header_label` is the `charset` parameter of its Content-Type.

    Of a page that declares none, only ASCII can be written: what a browser would guess is not known here.
    Raises UnreadableCharsetError.
    """
    name, declared = declared_encoding(body, header_label)
    if _UNREADABLE.search(name):
        raise UnreadableCharsetError(name)
    if declared:
        return Charset(name, _codec(name))
    if _ESCAPES.search(body):
        raise UnreadableCharsetError("ISO-2022-JP, by its escape sequences")
    return Charset("undeclared", "ascii")


def _codec(name: str) -> str:
    return _CODECS.get(name.lower(), name.lower())
