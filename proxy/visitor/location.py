"""Where the visitor is: first as trusted headers say, then as databases know the address, with the clock of that place.

What the headers are called is `proxy.visitor.geo`'s, what the files hold `proxy.visitor.geo_database`'s, and how two
answers become one place `proxy.visitor.place`'s.
"""

from __future__ import annotations

from collections.abc import Iterable

from proxy.settings.values import GeoPreset
from proxy.visitor.geo import GeoReader, Header
from proxy.visitor.geo_database import GeoDatabases
from proxy.visitor.place import NOWHERE, Place, PlaceReader, joined
from proxy.visitor.reads import Reads
from proxy.wire import Address


class Locator:
    """Finds visitors, by the location headers of some networks and by databases."""

    def __init__(self, presets: Iterable[GeoPreset] = (), databases: GeoDatabases | None = None) -> None:
        self._places = PlaceReader()
        self._headers = GeoReader(presets, self._places)
        self._databases = databases or GeoDatabases(places=self._places)

    @property
    def reads(self) -> Reads:
        """What `locate` looks at; at the fields only where the peer is trusted."""
        return Reads(self._headers.fields, client=self._databases.is_there)

    def locate(self, header: Header | None, client: Address | None) -> Place:
        """The `geo.` signals of one request; `header` is None where the peer is not trusted."""
        told = NOWHERE if header is None else self._headers.read(header)
        place = joined((told, self._databases.find(client)))
        return self._places.with_timezone(place) if place else place
