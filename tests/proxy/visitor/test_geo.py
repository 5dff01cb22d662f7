import pytest

from proxy.settings.values import GeoPreset
from proxy.visitor.geo import PRESETS, GeoReader
from proxy.visitor.place import Place
from rules.geography import GeoPoint

BERGEN = {
    "geo.country": "NO",
    "geo.eu": False,
    "geo.region": "46",
    "geo.city": "Bergen",
    "geo.postcode": "5003",
    "geo.timezone": "Europe/Oslo",
    "geo.position": GeoPoint(60.38, 5.33),
}


def read(headers: dict[str, str | bytes], *presets: str) -> Place:
    raw = {name.encode(): value if isinstance(value, bytes) else value.encode() for name, value in headers.items()}
    return GeoReader(map(GeoPreset, presets)).read(raw.get)


@pytest.mark.parametrize(
    ("preset", "headers"),
    [
        (
            "cloudflare",
            {
                "cf-ipcountry": "NO",
                "cf-region-code": "46",
                "cf-ipcity": "Bergen",
                "cf-postal-code": "5003",
                "cf-timezone": "Europe/Oslo",
                "cf-iplatitude": "60.380",
                "cf-iplongitude": "5.33",
            },
        ),
        (
            "cloudfront",
            {
                "cloudfront-viewer-country": "NO",
                "cloudfront-viewer-country-region": "46",
                "cloudfront-viewer-city": "Bergen",
                "cloudfront-viewer-postal-code": "5003",
                "cloudfront-viewer-time-zone": "Europe/Oslo",
                "cloudfront-viewer-latitude": "60.380",
                "cloudfront-viewer-longitude": "5.33",
            },
        ),
        (
            "fastly",
            {
                "client-geo-country": "NO",
                "client-geo-region": "46",
                "client-geo-city": "bergen",
                "client-geo-postal-code": "5003",
                "client-geo-timezone": "Europe/Oslo",
                "client-geo-latitude": "60.380",
                "client-geo-longitude": "5.33",
            },
        ),
        (
            "vercel",
            {
                "x-vercel-ip-country": "NO",
                "x-vercel-ip-country-region": "46",
                "x-vercel-ip-city": "Bergen",
                "x-vercel-ip-postal-code": "5003",
                "x-vercel-ip-timezone": "Europe/Oslo",
                "x-vercel-ip-latitude": "60.380",
                "x-vercel-ip-longitude": "5.33",
            },
        ),
        (
            "akamai",
            {
                "x-akamai-edgescape": "georegion=208,country_code=NO,region_code=46,city=BERGEN,lat=60.38,long=5.33,"
                "timezone=Europe/Oslo,zip=5003,continent=EU,throughput=vhigh,asnum=2116"
            },
        ),
    ],
)
def test_each_network_tells_all_it_knows(preset: str, headers: dict[str, str | bytes]) -> None:
    assert read(headers, preset) == BERGEN


def test_every_preset_of_the_settings_can_be_read() -> None:
    assert set(PRESETS) | {GeoPreset.AKAMAI} == set(GeoPreset)


def test_headers_of_a_network_that_is_not_configured_are_not_read() -> None:
    assert read({"cf-ipcountry": "NO"}, "vercel") == {}
    assert read({"cf-ipcountry": "NO"}) == {}


@pytest.mark.parametrize("country", ["", "XX", "T1", "ZZ", "EU", "A1", "unknown", "?", "**", "NOR", "N", "12", "N O"])
def test_a_country_that_is_not_known_is_missing(country: str) -> None:
    assert read({"cf-ipcountry": country}, "cloudflare") == {}


def test_a_country_is_written_in_upper_case() -> None:
    assert read({"cf-ipcountry": " no "}, "cloudflare") == {"geo.country": "NO", "geo.eu": False}


@pytest.mark.parametrize(
    ("country", "member"), [("SE", True), ("HR", True), ("NO", False), ("GB", False), ("CH", False)]
)
def test_eu_follows_from_the_country(country: str, member: bool) -> None:
    assert read({"cf-ipcountry": country}, "cloudflare")["geo.eu"] is member


@pytest.mark.parametrize(
    ("written", "city"),
    [
        ("Troms%C3%B8", "Tromsø"),
        ("S%C3%A3o%20Paulo", "São Paulo"),
        ("Tromsø".encode(), "Tromsø"),
        ("Tromsø".encode("latin-1"), "Tromsø"),
        ("SAINT-DENIS", "Saint-Denis"),
        ("new york", "New York"),
        ("McAllen", "McAllen"),
    ],
)
def test_a_city_is_written_for_readers(written: str | bytes, city: str) -> None:
    assert read({"x-vercel-ip-city": written}, "vercel")["geo.city"] == city


@pytest.mark.parametrize("city", ["?", "-", "unknown", "%00", "a%0d%0ab", "x" * 101, "123", "<b>" * 0, "%1b[2J"])
def test_a_city_that_is_no_line_of_text_is_missing(city: str) -> None:
    assert read({"x-vercel-ip-city": city}, "vercel") == {}


@pytest.mark.parametrize("zone", ["EST", "GMT-5", "Europe/Atlantis", "../etc/passwd", "UTC"])
def test_a_time_zone_that_is_no_iana_name_of_a_place_is_missing(zone: str) -> None:
    assert read({"cf-timezone": zone}, "cloudflare") == {}


def test_a_time_zone_is_found_whatever_its_case() -> None:
    assert read({"client-geo-timezone": "america/new_york"}, "fastly") == {"geo.timezone": "America/New_York"}


@pytest.mark.parametrize("postcode", ["02138-02142+02238-02239", "02138-02142", "0", "'; --", "x" * 20])
def test_a_postcode_that_is_not_one_is_missing(postcode: str) -> None:
    assert read({"x-akamai-edgescape": f"country_code=US,zip={postcode}"}, "akamai") == {
        "geo.country": "US",
        "geo.eu": False,
    }


@pytest.mark.parametrize("postcode", ["0150", "SW1A 1AA", "01000-000", "H2X"])
def test_a_postcode_keeps_its_form(postcode: str) -> None:
    assert read({"cf-postal-code": postcode}, "cloudflare") == {"geo.postcode": postcode}


@pytest.mark.parametrize("header", ["", ",,,", "=", "country_code", "country_code=", "\xff\xfe"])
def test_garbage_from_akamai_tells_nothing(header: str) -> None:
    assert read({"x-akamai-edgescape": header}, "akamai") == {}


def test_two_networks_are_never_mixed() -> None:
    headers: dict[str, str | bytes] = {"cf-ipcountry": "NO", "x-vercel-ip-country": "SE", "x-vercel-ip-city": "Malmö"}
    assert read(headers, "cloudflare", "vercel") == {"geo.country": "NO", "geo.eu": False}
    assert read(headers, "akamai", "vercel") == {"geo.country": "SE", "geo.eu": True, "geo.city": "Malmö"}


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("999.9", "999.9"),
        ("90.1", "0"),
        ("0", "180.1"),
        ("60.38", ""),
        ("", "5.33"),
        ("60;38", "5;33"),
        ("NaN", "5.33"),
        ("inf", "0"),
        ("6e1", "5"),
        ("60.38N", "5.33E"),
        ("reserved", "reserved"),
        ("0.000000", "0.000000"),
        ("%00", "5"),
        ("9" * 400, "1"),
    ],
)
def test_a_position_that_is_not_one_on_the_earth_is_missing(latitude: str, longitude: str) -> None:
    headers: dict[str, str | bytes] = {"cf-iplatitude": latitude, "cf-iplongitude": longitude}
    assert read(headers, "cloudflare") == {}
    assert read({"x-akamai-edgescape": f"country_code=SE,lat={latitude},long={longitude}"}, "akamai") == {
        "geo.country": "SE",
        "geo.eu": True,
    }


def test_a_position_may_be_south_and_west() -> None:
    headers: dict[str, str | bytes] = {"client-geo-latitude": "-33.450", "client-geo-longitude": " -70.667 "}
    assert read(headers, "fastly") == {"geo.position": GeoPoint(-33.45, -70.667)}
