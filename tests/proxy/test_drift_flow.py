"""A redesign, from outside: the selector's pages are cut anew, and its experience drifts, pauses, and comes back."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import pytest

from proxy.ledger import Ledger
from proxy.page.memory import CutMemory
from tests.proxy.caching import HTML, Client, Site, client_of
from tests.proxy.page.cutting import book_of

BOOK = book_of("""
experiences:
  hero: {pages: /**, change: [{select: .hero, text: Hello}]}
  footer: {pages: /**, change: [{select: footer, text: Bye}]}
""")
PAGES = [f"/{number}" for number in range(30)]


def page(target: str, hero: str, edition: int) -> bytes:
    about = f"{target} {edition}".encode()
    return b"<!doctype html><h1 class=%s>Old</h1><footer>f</footer><p>%s</p>" % (hero.encode(), about)


class Redesigned:
    """A site whose pages are published anew, edition after edition."""

    def __init__(self, site: Site, client: Client) -> None:
        self._site = site
        self._client = client
        self._edition = 0

    def publish(self, hero: str, targets: Iterable[str] = PAGES) -> list[bytes]:
        """A new edition of every page; what its second visitor sees, who is the one for whom it is verified."""
        self._edition += 1
        seen = []
        for target in targets:
            self._site.put(target, page(target, hero, self._edition), HTML, ("cache-control", "no-store"))
            self._client.get(target)
            seen.append(self._client.get(target).body)
        return seen


def shown(pages: list[bytes]) -> int:
    return sum(b">Hello<" in each for each in pages)


@pytest.mark.parametrize("pauses", [True, False])
def test_a_redesign_is_told_of_once_and_its_end_too(pauses: bool, caplog: pytest.LogCaptureFixture) -> None:
    site, cuts = Site(), CutMemory(Ledger(1 << 20), now=lambda: 0.0, pause_drifting=pauses)
    with client_of(site, book=BOOK, cuts=cuts) as client, caplog.at_level(logging.INFO):
        redesign = Redesigned(site, client)
        assert shown(redesign.publish("hero")) == len(PAGES)
        assert shown(redesign.publish("hero")) == len(PAGES)

        assert shown(redesign.publish("banner")) == 0
        (drift,) = cuts.places.drifts
        assert (drift.experience, drift.selector) == ("hero", ".hero")

        redesign.publish("hero")
        assert not cuts.places.drifts
        back = redesign.publish("hero")
    assert shown(back) == len(PAGES)
    assert all(b">Bye<" in each for each in back)
    told = [record.message for record in caplog.records if "drifts" in record.message]
    assert len(told) == 2
    assert told[0].startswith("shop.example/10: 'hero' drifts: .hero: its selector was found on ")
    assert told[0].endswith("the experience is paused") == pauses
    assert told[1].startswith("'hero' drifts no more: .hero")


def test_while_it_is_paused_an_experience_is_on_new_pages_only_for_a_try() -> None:
    site, cuts = Site(), CutMemory(Ledger(1 << 20), now=lambda: 0.0, pause_drifting=True)
    with client_of(site, book=BOOK, cuts=cuts) as client:
        redesign = Redesigned(site, client)
        redesign.publish("hero")
        redesign.publish("hero")
        redesign.publish("banner")
        some = redesign.publish("hero", PAGES[:8])
        assert 0 < shown(some) < len(some)
        assert all(b">Bye<" in each for each in some)


def test_another_rulebook_ends_the_pause() -> None:
    site, cuts = Site(), CutMemory(Ledger(1 << 20), now=lambda: 0.0, pause_drifting=True)
    with client_of(site, book=BOOK, cuts=cuts) as client:
        redesign = Redesigned(site, client)
        redesign.publish("hero")
        redesign.publish("hero")
        redesign.publish("banner")
        cuts.resume()
        assert shown(redesign.publish("hero", PAGES[:8])) == 8
