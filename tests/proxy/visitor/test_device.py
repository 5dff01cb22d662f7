"""User agents as browsers, apps and bots really send them."""

from pathlib import Path

import pytest

from proxy.visitor.client_hints import HINTS, Written, written_hints
from proxy.visitor.device import MAX_HEADER_LENGTH, DeviceReader, device_type, preferred_language
from rules.signals import DEVICES

GOLDEN = Path(__file__).parents[2] / "golden" / "user_agents.tsv"


def cases() -> list[tuple[str, ...]]:
    """Type, operating system, browser, brand, whether it is a bot, and user agent."""
    return [tuple(line.split("\t")) for line in GOLDEN.read_text(encoding="utf-8").splitlines()[1:]]


CASES = cases()


@pytest.fixture(scope="module")
def devices() -> DeviceReader:
    return DeviceReader()


@pytest.mark.parametrize(("kind", "os", "browser", "brand", "bot", "agent"), CASES, ids=lambda case: str(case)[:60])
def test_a_user_agent_tells_of_its_device(
    devices: DeviceReader, kind: str, os: str, browser: str, brand: str, bot: str, agent: str
) -> None:
    expected = {"device.type": kind, "device.os": os, "device.browser": browser, "device.brand": brand}
    assert devices.read(agent, "") == {name: value for name, value in expected.items() if value}
    assert devices.is_bot(agent) == (bot == "yes")


def test_the_table_holds_bots_and_every_type_of_the_catalogue() -> None:
    assert len(CASES) >= 200
    assert {kind for kind, *_ in CASES} == set(DEVICES)
    assert sum(bot == "yes" for *_, bot, _ in CASES) >= 50


REDUCED_PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"
)
REDUCED_TABLET = REDUCED_PHONE.replace(" Mobile", "")
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
WINDOWS = LINUX.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64")
TELEVISION = LINUX.replace("X11; Linux x86_64", "Web0S; Linux/SmartTV")


def hints(**values: str) -> Written:
    """Hints as a browser writes them, each by what follows `sec-ch-ua-` in its name; `brands` is `sec-ch-ua`."""
    names = {"brands": b"sec-ch-ua", "mobile": b"sec-ch-ua-mobile", "platform": b"sec-ch-ua-platform"}
    names |= {"model": b"sec-ch-ua-model", "form_factors": b"sec-ch-ua-form-factors"}
    return written_hints({names[name]: value.encode() for name, value in values.items()})


CHROME = '"Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99"'


@pytest.mark.parametrize(
    ("agent", "written", "told"),
    [
        pytest.param(
            REDUCED_PHONE,
            hints(brands=CHROME, mobile="?1", platform='"Android"'),
            {"type": "mobile", "os": "Android", "browser": "Chrome"},
            id="phone",
        ),
        pytest.param(
            REDUCED_TABLET,
            hints(brands=CHROME, mobile="?0", platform='"Android"'),
            {"type": "tablet", "os": "Android", "browser": "Chrome"},
            id="tablet",
        ),
        pytest.param(
            LINUX,
            hints(brands=CHROME, mobile="?0", platform='"Android"'),
            {"type": "tablet", "os": "Android", "browser": "Chrome"},
            id="tablet that asks for desktop pages",
        ),
        pytest.param(
            LINUX,
            hints(brands=CHROME, mobile="?0", platform='"Android"', form_factors='"Desktop"'),
            {"type": "desktop", "os": "Android", "browser": "Chrome"},
            id="desktop with Android",
        ),
        pytest.param(
            REDUCED_PHONE,
            hints(brands=CHROME, mobile="?1", platform='"Android"', form_factors='"Tablet", "EInk"'),
            {"type": "tablet", "os": "Android", "browser": "Chrome"},
            id="small tablet by its form factor",
        ),
        pytest.param(
            REDUCED_PHONE,
            hints(brands=CHROME, mobile="?1", platform='"Android"', model='"SM-S931B"'),
            {"type": "mobile", "os": "Android", "browser": "Chrome", "brand": "Samsung"},
            id="phone by its model",
        ),
        pytest.param(
            REDUCED_PHONE,
            hints(brands=CHROME, mobile="?1", platform='"Android"', model='"TB-X605L"'),
            {"type": "tablet", "os": "Android", "browser": "Chrome", "brand": "Lenovo"},
            id="tablet by its model",
        ),
        pytest.param(
            LINUX,
            hints(brands=CHROME, mobile="?0", platform='"Chrome OS"'),
            {"type": "desktop", "os": "ChromeOS", "browser": "Chrome"},
            id="Chromebook",
        ),
        pytest.param(
            WINDOWS,
            hints(
                brands='"Brave";v="130", "Chromium";v="130", "Not?A_Brand";v="99"', mobile="?0", platform='"Windows"'
            ),
            {"type": "desktop", "os": "Windows", "browser": "Brave"},
            id="Brave, which only hints tell",
        ),
        pytest.param(
            WINDOWS,
            hints(brands='"Microsoft Edge";v="130", "Chromium";v="130", " Not A;Brand";v="99"', mobile="?0"),
            {"type": "desktop", "os": "Windows", "browser": "Edge"},
            id="Edge",
        ),
        pytest.param(
            REDUCED_PHONE,
            hints(brands='"Chromium";v="96", "Opera";v="82", "OperaMobile";v="67"', mobile="?1"),
            {"type": "mobile", "os": "Android", "browser": "Opera"},
            id="Opera with two brands",
        ),
        pytest.param(
            LINUX.replace("Chrome/", "Vivaldi/7.0 Chrome/"),
            hints(brands=CHROME, mobile="?0", platform='"Linux"'),
            {"type": "desktop", "os": "Linux", "browser": "Vivaldi"},
            id="a browser that passes for Chrome in its hints",
        ),
        pytest.param(
            TELEVISION,
            hints(brands='"Chromium";v="94"', mobile="?0", platform='"Linux"'),
            {"type": "tv", "os": "webOS", "browser": "Chrome", "brand": "LG"},
            id="television",
        ),
        pytest.param(
            WINDOWS,
            hints(brands="Chrome", mobile="yes", platform="Windows 11; (", model='"', form_factors="?1"),
            {"type": "desktop", "os": "Windows", "browser": "Chrome"},
            id="garbage",
        ),
        pytest.param(
            REDUCED_PHONE,
            hints(mobile="?1", platform='"Unknown"', model='"x) AppleTV ("'),
            {"type": "mobile", "os": "Android", "browser": "Chrome"},
            id="a model that would write a user agent",
        ),
    ],
)
def test_client_hints_win_over_the_user_agent(
    devices: DeviceReader, agent: str, written: Written, told: dict[str, str]
) -> None:
    assert devices.read(agent, "", written) == {f"device.{name}": value for name, value in told.items()}


def test_hints_of_one_visitor_do_not_stick_to_another_with_the_same_user_agent(devices: DeviceReader) -> None:
    plain = devices.read(LINUX, "")
    assert devices.read(LINUX, "", hints(mobile="?0", platform='"Android"')) != plain
    assert devices.read(LINUX, "") == plain


def test_a_hint_that_is_too_long_is_not_read(devices: DeviceReader) -> None:
    written = hints(mobile="?0", platform='"Android"' + " " * 300)
    assert len(written) == len(HINTS)
    assert devices.read(LINUX, "", written)["device.os"] == "Linux"


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
