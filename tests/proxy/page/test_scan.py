from __future__ import annotations

import pytest

from proxy.page.scan import is_bomb

MANY = 400


def repeated(markup: bytes) -> bytes:
    """The markup many times; `@` is another number each time."""
    return b"".join(markup.replace(b"@", b"%d" % number) for number in range(MANY))


@pytest.mark.parametrize(
    "markup",
    [
        b"<b i@><p>",
        b"<B I@><p>",
        b"<p><font size=@></p>",
        b"<p><code i@><em i@></code></p>",
        b"<b i@></i><p>",
        b"<b i@><!-- </b> --><p>",
        b"<b i@><!--></b-->",
        b"<b i@><script></b></script><p>",
        b"<b i@><noscript></noscripty></b></noscript><p>",
        b"<p><b i@><table></b></table></p>",
        b"<p><b i@><table><tr><td></b></table></p>",
        b"<p><b i@><marquee></b></marquee></p>",
        b"<p><b i@><object></b></object></p>",
        b"<p><svg><title><b i@></title></svg></p>",
        b"<p><svg><style><b i@></style></svg></p>",
        b"<p><!--><b i@><p><!-- --></p>",
    ],
)
def test_formatting_that_is_never_closed_is_a_bomb(markup: bytes) -> None:
    assert is_bomb(repeated(markup))


@pytest.mark.parametrize(
    "markup",
    [
        b"<b i@>x</b>",
        b"<B>x</b ><I>y</i>",
        b"<a href=@>",
        b"<a href=@>x</a>",
        b"<li>@",
        b"<br><basefont><fontx><button>x</button>",
        b"<b><i>x</b></i>",
        b"<!-- <b> -->",
        b"<script>'<b i@>'</script>",
        b"<textarea><b i@></textarea>",
        b"<table><tr><td><b>x</b><td><i>y</i></table>",
        b"<b><table><tr><td><b>x</b></td></tr></table></b>",
        b"<svg><title>x</title><style>y</style></svg><b>x</b>",
        b"<table><tr><td><b>x</b>",
    ],
)
def test_ordinary_pages_are_none_however_long(markup: bytes) -> None:
    assert not is_bomb(repeated(markup) * 12)


def test_a_hundred_left_open_are_not_yet_a_bomb() -> None:
    assert not is_bomb(b"<b><p>" * 100)
    assert is_bomb(b"<b><p>" * 101)


@pytest.mark.parametrize(
    "markup", [b"<!--", b"<script>", b"<b", b"<table>", b"<svg>", b"</table>", b"<b><!--", b"</svg>"]
)
def test_hostile_pages_are_scanned_in_linear_time(markup: bytes) -> None:
    assert not is_bomb(b"<b></b>" * 101 + markup * 100)
    is_bomb(b"<b></b>" * 101 + markup * 100_000)
