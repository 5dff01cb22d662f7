"""User agents as browsers, apps and bots really send them."""

from pathlib import Path

import pytest

from proxy.visitor.device import MAX_HEADER_LENGTH, DeviceReader, device_type, preferred_language
from rules.signals import DEVICES

GOLDEN = Path(__file__).parents[2] / "golden" / "user_agents.tsv"


def cases() -> list[tuple[str, ...]]:
    """Type, operating system, browser, brand and user agent."""
    return [tuple(line.split("\t")) for line in GOLDEN.read_text(encoding="utf-8").splitlines()[1:]]


CASES = cases()


@pytest.fixture(scope="module")
def devices() -> DeviceReader:
    return DeviceReader()


@pytest.mark.parametrize(("kind", "os", "browser", "brand", "agent"), CASES, ids=lambda case: str(case)[:60])
def test_a_user_agent_tells_of_its_device(
    devices: DeviceReader, kind: str, os: str, browser: str, brand: str, agent: str
) -> None:
    expected = {"device.type": kind, "device.os": os, "device.browser": browser, "device.brand": brand}
    assert devices.read(agent, "") == {name: value for name, value in expected.items() if value}


def test_only_types_of_the_catalogue_are_told() -> None:
    assert {kind for kind, *_ in CASES} == set(DEVICES)


def test_a_visitor_without_a_user_agent_has_a_desktop(devices: DeviceReader) -> None:
    assert devices.read("", "") == {"device.type": "desktop"}


@pytest.mark.parametrize(
    "bot",
    [
        "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "(compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    ],
)
def test_a_bot_is_given_what_the_device_it_claims_to_be_is_given(devices: DeviceReader, bot: str) -> None:
    phone = (
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/130.0.0.0 Mobile Safari/537.36"
    )
    assert devices.read(f"{phone} {bot}", "en") == devices.read(phone, "en")


def test_the_same_user_agent_is_told_alike_from_memory(devices: DeviceReader) -> None:
    agent = CASES[0][-1]
    first = devices.read(agent, "nb")
    first["device.type"] = "spoiled by its reader"
    assert devices.read(agent, "nb")["device.type"] == "desktop"


def test_memory_is_bounded_and_what_it_forgot_is_read_again() -> None:
    devices = DeviceReader(remembered=2)
    told = [devices.read(agent, "") for *_, agent in CASES[:6]]
    assert [devices.read(agent, "") for *_, agent in CASES[:6]] == told


def test_a_header_of_any_length_is_read_up_to_a_bound(devices: DeviceReader) -> None:
    padded = "Mozilla/5.0 (" + "x" * MAX_HEADER_LENGTH + "; iPhone)"
    assert devices.read(padded, "")["device.type"] == "desktop"


@pytest.mark.parametrize("agent", ["\x00", "(((((", "; https://" * 40, "é" * 300])
def test_garbage_is_a_desktop(devices: DeviceReader, agent: str) -> None:
    assert devices.read(agent, "")["device.type"] == "desktop"


def test_android_without_mobile_is_a_tablet() -> None:
    assert device_type("Mozilla/5.0 (Linux; Android 15; X) Chrome/140 Safari/537.36") == "tablet"
    assert device_type("Mozilla/5.0 (Linux; Android 15; X) Chrome/140 Mobile Safari/537.36") == "mobile"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("nb-NO,nb;q=0.9,no;q=0.8,en;q=0.5", "nb"),
        ("en", "en"),
        ("EN-us", "en"),
        ("de-AT;q=0.8, nb-NO, en;q=0.9", "nb"),
        ("fr;q=0.2, de;q=0.9", "de"),
        ("fr;q=0.9, de;q=0.9", "fr"),
        ("*, de;q=0.1", "de"),
        ("*", ""),
        ("", ""),
        ("de;q=0", ""),
        ("de;q=high, en;q=0.1", "en"),
        ("de;level=1, en;q=0.1", "en"),
        ("zh-Hant-TW", "zh"),
        ("x, 12, -, ;q=1, toolongtag1", ""),
        ("sr-Latn;q=1.000", "sr"),
        ("de ; q=0.5 , en ; q = 0.7", "en"),
    ],
)
def test_the_language_that_is_wanted_most(header: str, language: str) -> None:
    assert preferred_language(header) == language


def test_a_language_stands_beside_the_device(devices: DeviceReader) -> None:
    assert devices.read("", "nb-NO") == {"device.type": "desktop", "device.language": "nb"}


@pytest.mark.parametrize("unit", [" ", "; ", ";a", " compatible"])
def test_no_bot_can_sign_so_that_reading_it_takes_long(unit: str) -> None:
    reader = DeviceReader()
    for number in range(300):
        assert reader.read(f"bot;{number}" + unit * 512, "")["device.type"] == "desktop"
