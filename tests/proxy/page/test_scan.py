from __future__ import annotations

import pytest

from proxy.page.scan import is_bomb

MANY = 800


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
        b'<b i@ t="</b>"><p>',
        b'<b i@ t="></b>' + b"x" * 1024 + b'"><p>',
        b"<b i@><p></p t='</b>'>",
        b"<b\0i@><p>",
        b"<b i@><!</b><p>",
        b"<b i@><?</b><p>",
        b"<b i@><select></b></select><p>",
        b"<b i@><svg><desc></b></desc></svg><p>",
        b"<b i@><svg><desc><p></svg></b><p>",
        b"<b i@><svg><![CDATA[</svg></b>]]></svg><p>",
        b"<b i@><math><mi></b></mi></math><p>",
        b"<b i@><object><table></object></b></table></object><p>",
        b"<b i@>" + b"<div>" * 9 + b"</b>" + b"</div>" * 9,
        b"<b i@><b>x</b><p>",
        b"<!-- <b t=' --><b i@><p>",
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
        b"<script>'<b>'</script>",
        b"<b i@>x<br><a href=@>y</a> <span title='>'>z</span></b>",
        b"<i class=i@><svg><title>x</title><path d='M0 0'/><g><circle r=1></circle></g></svg></i>",
        b"<p><b>x<p>",
        b"<table><tr><td><b i@>x</b><td><i>y</i></table>",
        b"<b><table><tr><td><b>x</b></td></tr></table></b>",
        b"<svg><title>x</title><style>y</style></svg><b>x</b>",
        b"<table><tr><td><b>x</b>",
    ],
)
def test_ordinary_pages_are_none_however_long(markup: bytes) -> None:
    assert not is_bomb(repeated(markup) * 12)


def test_a_few_left_open_are_a_bomb_only_on_a_page_with_much_behind_them() -> None:
    few = b"".join(b"<b i%d>" % number for number in range(95))

    assert not is_bomb(b"<p>" + few + b"<p>x</p>" * 500)
    assert is_bomb(b"<p>" + few + b"<p>x</p>" * 10_000)
    assert not is_bomb(b"<p>x</p>" * 10_000 + few)


def test_a_page_of_too_many_elements_is_a_bomb() -> None:
    assert not is_bomb(b"<p>" * 200_000)
    assert is_bomb(b"<p>" * 200_001)


@pytest.mark.parametrize(
    "markup", [b"<!--", b"<script>", b"<b", b"<table>", b"<svg>", b"</table>", b"<b><!--", b"</svg>", b'<b t="', b"<b "]
)
def test_hostile_pages_are_scanned_in_linear_time(markup: bytes) -> None:
    assert not is_bomb(b"<b></b>" * 101 + markup * 100)
    is_bomb(b"<b></b>" * 101 + markup * 100_000)
