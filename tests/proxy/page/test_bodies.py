from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event

import brotli
import pytest
from backports import zstd

from proxy.page.bodies import PersonalBodies, SharedBodies, render_once
from proxy.page.compressor import Compressor
from proxy.page.encode import Rendered, encode_quickly, encode_well
from proxy.page.tags import static_digest
from tests.proxy.page.cutting import book_of, cut_by, decided, decided_by, filled, one

HTML = b"<h1>Hi</h1>" + b"<p>page</p>" * 500 + b"<h2>Ho</h2>"
HELLO = decided(one("- {select: h1, text: Hello}"))
CITY = book_of(one("- {select: h1, text: 'Hello {{ geo.city }}'}"))
OSLO, BERGEN = (decided_by(CITY, {"geo.city": city}) for city in ("Oslo", "Bergen"))
DECODERS = {"identity": bytes, "gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}


@dataclass
class Bench:
    """Where bodies are made; `resized` counts how often they said that they take another size."""

    compressor: Compressor = field(default_factory=Compressor)
    resized: int = 0

    def resize(self) -> None:
        self.resized += 1

    def shared(self, html: bytes = HTML) -> SharedBodies:
        cut = cut_by(html, HELLO)
        return SharedBodies(cut, static_digest(cut.pieces), self.compressor, self.resize)

    def personal(self, html: bytes = HTML) -> PersonalBodies:
        cut = cut_by(html, OSLO)
        return PersonalBodies(cut, static_digest(cut.pieces), self.compressor, self.resize)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.compressor.close()


def plain(rendered: Rendered) -> bytes:
    return bytes(DECODERS[rendered.coding](rendered.body))


def test_the_first_who_ask_get_what_is_made_quickly(bench: Bench) -> None:
    bodies = bench.shared()
    first = bodies.render(HELLO, ("br", "gzip"))

    assert (first.coding, first.body) == ("gzip", encode_quickly(HTML.replace(b"Hi", b"Hello"), "gzip"))
    assert bodies.render(HELLO, ("zstd", "gzip")) is first
    assert bodies.render(HELLO, ("gzip",)) is first


def test_what_is_asked_for_once_is_never_made_well(bench: Bench) -> None:
    bodies = bench.shared()
    for accepted in (("br", "gzip"), ("zstd", "gzip"), ("gzip",)):
        bodies.render(HELLO, accepted)
        bench.compressor.finish()
    assert bodies.render(HELLO, ("br", "gzip")).coding == "gzip"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip"])
def test_what_is_asked_for_twice_is_made_well_and_is_one_object_from_then_on(bench: Bench, coding: str) -> None:
    bodies = bench.shared()
    accepted = tuple(dict.fromkeys((coding, "gzip")))
    quick = [bodies.render(HELLO, accepted) for _ in range(2)]
    bench.compressor.finish()
    well = bodies.render(HELLO, accepted)

    assert quick[0] is quick[1]
    assert (well.coding, well.body) == (coding, encode_well(HTML.replace(b"Hi", b"Hello"), coding))
    assert bodies.render(None, accepted) is well


def test_a_body_that_is_made_well_keeps_the_tag_of_the_quick_one(bench: Bench) -> None:
    bodies = bench.shared()
    quick = [bodies.render(HELLO, ("gzip",)) for _ in range(2)]
    bench.compressor.finish()
    well = bodies.render(HELLO, ("gzip",))
    assert well.body != quick[0].body
    assert well.etag == quick[0].etag


def test_a_browser_that_reads_no_gzip_gets_what_it_reads_quickly_meanwhile(bench: Bench) -> None:
    bodies = bench.shared()
    assert bodies.render(HELLO, ("br", "gzip")).coding == "gzip"
    only = bodies.render(HELLO, ("br",))
    assert (only.coding, plain(only)) == ("br", HTML.replace(b"Hi", b"Hello"))


def test_a_browser_that_reads_no_coding_gets_the_cut_itself(bench: Bench) -> None:
    bodies = bench.shared()
    first = bodies.render(HELLO, ())
    assert (first.coding, first.body) == ("identity", HTML.replace(b"Hi", b"Hello"))
    assert bodies.render(HELLO, ()) is first


def test_a_small_body_is_made_well_at_once(bench: Bench) -> None:
    bodies = bench.shared(b"<h1>Hi</h1>")
    first = bodies.render(HELLO, ("br", "gzip"))
    assert (first.coding, first.body) == ("br", encode_well(b"<h1>Hello</h1>", "br"))
    assert bodies.render(HELLO, ("br",)) is first


def test_its_size_is_told_each_time_that_it_is_another_one(bench: Bench) -> None:
    bodies = bench.shared()
    sizes = [bodies.size]
    for _ in range(2):
        quick = bodies.render(HELLO, ("br", "gzip"))
    sizes.append(bodies.size)
    bench.compressor.finish()
    sizes.append(bodies.size)
    well = bodies.render(HELLO, ("br", "gzip"))

    assert bench.resized == 2
    assert sizes[1] - sizes[2] == len(quick.body) - len(well.body)
    assert sizes[0] < sizes[2] < sizes[1]


def test_what_others_still_get_quickly_stays(bench: Bench) -> None:
    bodies = bench.shared()
    quick = bodies.render(HELLO, ("gzip",))
    for _ in range(2):
        bodies.render(HELLO, ("br", "gzip"))
    bench.compressor.finish()
    assert bodies.render(HELLO, ("br", "gzip")).coding == "br"
    assert bodies.render(HELLO, ("gzip",)) is quick


def test_tags_differ_by_coding_and_by_page_alone(bench: Bench) -> None:
    first, again, other = bench.shared(), bench.shared(), bench.shared(HTML + b"!")
    tags = {bodies.render(HELLO, accepted).etag for bodies in (first, again) for accepted in ((), ("gzip",))}
    assert len(tags) == 2
    assert other.render(HELLO, ()).etag not in tags


def test_what_is_released_is_made_no_more(bench: Bench) -> None:
    gate = Event()
    bench.compressor.ask(gate.wait, lambda _: None)
    shared, personal = bench.shared(), bench.personal()
    for _ in range(2):
        shared.render(HELLO, ("br", "gzip"))
        personal.render(OSLO, ("gzip",))
    shared.release()
    personal.release()
    gate.set()
    bench.compressor.finish()

    assert shared.render(HELLO, ("br", "gzip")).coding == "gzip"
    assert personal.size == 0
    assert plain(personal.render(OSLO, ("gzip",))) == HTML.replace(b"Hi", b"Hello Oslo")


@pytest.mark.parametrize("accepted", [(), ("gzip",), ("br", "gzip"), ("br",), ("zstd", "br")])
def test_each_visitor_gets_their_own_values(bench: Bench, accepted: tuple[str, ...]) -> None:
    bodies = bench.personal()
    for _ in range(3):
        for decision, city in ((OSLO, b"Oslo"), (BERGEN, b"Bergen")):
            rendered = bodies.render(decision, accepted)
            assert plain(rendered) == HTML.replace(b"Hi", b"Hello " + city)
            assert rendered.coding == ("gzip" if "gzip" in accepted else (*accepted, "identity")[0])
        bench.compressor.finish()


def test_what_is_static_is_gzipped_once_and_well(bench: Bench) -> None:
    bodies = bench.personal()
    quick = [bodies.render(OSLO, ("gzip",)) for _ in range(2)]
    size = bodies.size
    bench.compressor.finish()
    well = bodies.render(OSLO, ("gzip",))

    assert quick[0].body == encode_quickly(HTML.replace(b"Hi", b"Hello Oslo"), "gzip")
    assert well.body != quick[0].body
    assert well.etag == quick[0].etag
    assert bench.resized == 1
    assert bodies.size > size


def test_a_small_personal_page_is_in_segments_at_once(bench: Bench) -> None:
    assert bench.personal(b"<h1>Hi</h1>").size > 0


def test_two_visitors_whose_values_differ_have_different_tags(bench: Bench) -> None:
    bodies = bench.personal()
    assert bodies.render(OSLO, ()).etag == bodies.render(OSLO, ()).etag != bodies.render(BERGEN, ()).etag


def test_a_page_with_values_is_not_rendered_without_them(bench: Bench) -> None:
    with pytest.raises(KeyError):
        bench.personal().render(None, ())


@pytest.mark.parametrize("accepted", [(), ("gzip",), ("br", "gzip"), ("br",), ("zstd",)])
def test_what_is_not_kept_is_rendered_quickly(accepted: tuple[str, ...]) -> None:
    for decision in (HELLO, OSLO):
        cut = cut_by(HTML, decision)
        rendered = render_once(cut, decision, accepted)
        assert plain(rendered) == filled(cut, decision)
        assert rendered.etag == render_once(cut, decision, accepted).etag
    assert render_once(cut, BERGEN, accepted).etag != rendered.etag
