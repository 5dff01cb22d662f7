from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.settings.model import Settings
from proxy.settings.values import CONSENT_PRESETS, ConsentSource
from proxy.visitor.consent import (
    EVERY_TIER,
    MAX_COOKIE_BYTES,
    MAX_COOKIES,
    Answer,
    Consent,
    ConsentReader,
    is_permitted,
    make_consent_reader,
)
from proxy.visitor.reads import Reads
from rules.context import Value
from rules.signals import Tier

YES, NO, SILENT = Answer.YES, Answer.NO, Answer.SILENT
CONTEXTUAL, COMPANY, SESSION, PERSISTENT = Tier
ONETRUST = (
    "isGpcEnabled=0&datestamp=Tue+Oct+08+2024+09%3A23%3A22+GMT-0400+(Eastern+Daylight+Time)&version=202401.1.0"
    "&browserGpcFlag=0&isIABGlobal=false&hosts=H40%3A1&consentId=c0c17099&interactionCount=1&landingPath=NotLandingPage"
)
COOKIEBOT = (
    "{{stamp:%27G+6rYDfrzwrZIt/gZe0A==%27%2Cnecessary:true%2C{}%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1705162226478"
)
TC_1_2_3 = "COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA"
TC_3_5_6_8 = "CGL23UdMFJzvuA9ACCENAXCEAC0AAGrAAA5YA5ht7-_d_7_vd-f-nrf4_4A4hM4JCKoK4YhmAqABgAEgAA"
TC_1_TO_9 = "COw4XqLOw4XqLAAAAAENAXCAAP-gAAAfwIAAACngAI8AAA.cAEAPAAAC7gAHw4AAA"


def reader(consent: str, **more: Any) -> ConsentReader:
    return make_consent_reader(Settings.model_validate({"origin": "http://a", "consent": consent, **more}))


def answer(reader: ConsentReader, *cookies: str, gpc: str = "") -> Answer:
    headers = [(b"cookie", cookie.encode("latin-1")) for cookie in cookies]
    if gpc:
        headers.append((b"sec-gpc", gpc.encode()))
    return reader.read(headers).answer


def cookiebot(categories: str) -> str:
    return "CookieConsent=" + COOKIEBOT.format(categories) + "%2Cregion:%27de%27}"


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ("&groups=C0001%3A1%2CC0003%3A1%2CC0002%3A0", YES),
        ("&groups=C0003:1,C0001:1&AwaitingReconsent=false", YES),
        ("&groups=C0001%3A1%2CC0003%3A0%2CC0002%3A1", NO),
        ("&groups=C0001%3A1", NO),
        ("&groups=C00031%3A1%2CXC0003%3A1", NO),
        ("&groups=C0003%3A1%2CC0003%3A0", NO),
        ("&groups=C0003%3A1&groups=C0003%3A0", NO),
        ("&groups=C0003%3A11", NO),
        ("&groups=", NO),
        ("", NO),
        ("&groups=C0001%3A1%2CC0003%3A1&AwaitingReconsent=true", SILENT),
        ("&x" * 200 + "&groups=C0003%3A1", NO),
    ],
)
def test_onetrust_is_asked_for_its_functional_group(groups: str, expected: Answer) -> None:
    assert answer(reader("onetrust"), "OptanonConsent=" + ONETRUST + groups) is expected


def test_a_onetrust_cookie_that_was_encoded_once_more_is_read() -> None:
    assert answer(reader("onetrust"), "OptanonConsent=isGpcEnabled%3D0%26groups%3DC0001%253A1%252CC0003%253A1") is YES


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        (cookiebot("preferences:true%2Cstatistics:false%2Cmarketing:false"), YES),
        (cookiebot("preferences:false%2Cstatistics:true%2Cmarketing:true"), NO),
        (cookiebot("preferences:true").replace("%2C", "%2C+").replace("+", "%20"), YES),
        (cookiebot("statistics:true"), NO),
        (cookiebot("preferences:true%2Cpreferences:false"), NO),
        (cookiebot("iab2:%27,preferences:true,%27"), NO),
        (cookiebot("preferences:trueish"), NO),
        (cookiebot("preferences:true").removesuffix("}"), NO),
        ("CookieConsent=-1", YES),
        ("CookieConsent=0", NO),
        ("CookieConsent=true", NO),
        ("CookieConsent=", NO),
    ],
)
def test_cookiebot_is_asked_for_preferences(cookie: str, expected: Answer) -> None:
    assert answer(reader("cookiebot"), cookie) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("essential,functional", YES),
        ("essential%2Cfunctional%2Cmarketing", YES),
        ("essential", NO),
        ("", NO),
        ("functionality", NO),
        ("{functional:true}", NO),
    ],
)
def test_usercentrics_is_asked_for_functional(value: str, expected: Answer) -> None:
    assert answer(reader("usercentrics"), "uc_consent=" + value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (TC_1_TO_9, YES),
        (TC_1_2_3, NO),
        (TC_3_5_6_8, NO),
        (TC_1_TO_9[:20], NO),
        ("1", NO),
        ("", NO),
        ("%00", NO),
        ("é", NO),
    ],
)
def test_tcf_is_asked_for_storage_and_personalized_content(value: str, expected: Answer) -> None:
    assert answer(reader("tcf"), "euconsent-v2=" + value) is expected


@pytest.mark.parametrize(
    ("value", "expected"), [("all", YES), ("%61ll", YES), ('"all"', YES), ("ALL", NO), ("all,none", NO), ("", NO)]
)
def test_a_plain_cookie_has_one_value_that_means_yes(value: str, expected: Answer) -> None:
    plain = reader("cookie", consent_cookie="cookies_ok", consent_category="all")
    assert answer(plain, "cookies_ok=" + value) is expected


def test_cookies_and_categories_can_be_others_than_the_presets() -> None:
    assert answer(reader("onetrust", consent_category="C0002, C0003"), "OptanonConsent=groups=C0002:1,C0003:1") is YES
    assert answer(reader("onetrust", consent_category="C0002,C0003"), "OptanonConsent=groups=C0002:0,C0003:1") is NO
    assert answer(reader("tcf", consent_category="1"), "euconsent-v2=" + TC_1_2_3) is YES
    assert answer(reader("tcf", consent_cookie="eupubconsent-v2"), "eupubconsent-v2=" + TC_1_TO_9) is YES


@pytest.mark.parametrize("source", CONSENT_PRESETS)
def test_whoever_was_not_asked_said_nothing(source: ConsentSource) -> None:
    assert answer(reader(source)) is SILENT
    assert answer(reader(source), "other=1", "flag") is SILENT


def test_cookies_that_disagree_are_a_refusal() -> None:
    usercentrics = reader("usercentrics")
    assert answer(usercentrics, "uc_consent=functional; uc_consent=functional") is YES
    assert answer(usercentrics, "uc_consent=functional; uc_consent=essential") is NO
    assert answer(usercentrics, "uc_consent=essential", "uc_consent=functional") is NO


def test_more_cookies_than_any_banner_sets_are_a_refusal() -> None:
    usercentrics = reader("usercentrics")
    assert answer(usercentrics, "; ".join(["uc_consent=functional"] * MAX_COOKIES)) is YES
    assert answer(usercentrics, "; ".join(["uc_consent=functional"] * (MAX_COOKIES + 1))) is NO


def test_a_cookie_that_is_too_long_is_a_refusal() -> None:
    value = "functional," + "x" * MAX_COOKIE_BYTES
    assert answer(reader("usercentrics"), "uc_consent=" + value) is NO


@pytest.mark.parametrize("source", [*CONSENT_PRESETS, ConsentSource.NOT_REQUIRED, ConsentSource.NONE])
def test_global_privacy_control_is_a_refusal_whatever_the_cookie_says(source: ConsentSource) -> None:
    cookies = "OptanonConsent=groups=C0003:1; CookieConsent=-1; uc_consent=functional; euconsent-v2=" + TC_1_TO_9
    assert answer(reader(source), cookies, gpc="1") is NO


@pytest.mark.parametrize("value", ["0", "true", "11"])
def test_only_the_value_1_is_global_privacy_control(value: str) -> None:
    assert answer(reader("not-required"), gpc=value) is YES


def test_without_a_banner_nobody_consents() -> None:
    assert answer(reader("none"), "OptanonConsent=groups=C0003:1") is SILENT
    assert Settings.model_validate({"origin": "http://a"}).consent is ConsentSource.NONE


def test_an_answer_allows_tiers() -> None:
    yes, no = [(b"cookie", b"uc_consent=functional")], [(b"cookie", b"uc_consent=")]
    assert reader("usercentrics").read(yes).tiers == {CONTEXTUAL, COMPANY, SESSION, PERSISTENT}
    assert reader("usercentrics").read(no).tiers == {CONTEXTUAL, COMPANY}
    assert reader("usercentrics").read([]).tiers == {CONTEXTUAL, COMPANY}
    strict = reader("usercentrics", company_without_consent=False)
    assert strict.read(no).tiers == {CONTEXTUAL}
    assert strict.read(yes).tiers == {CONTEXTUAL, COMPANY, SESSION, PERSISTENT}


def test_signals_are_permitted_by_their_tier() -> None:
    strict = reader("usercentrics", company_without_consent=False)
    refused, given = strict.read([]), strict.read([(b"cookie", b"uc_consent=functional")])
    assert [name for name in ("geo.city", "visitor.plan", "no.such") if is_permitted(name, refused.tiers)] == [
        "geo.city"
    ]
    assert all(is_permitted(name, given.tiers) for name in ("geo.city", "visitor.plan", "no.such"))


@given(st.sampled_from([*CONSENT_PRESETS]), st.binary(max_size=200), st.booleans())
def test_whatever_a_cookie_holds_there_is_an_answer(source: ConsentSource, value: bytes, is_encoded: bool) -> None:
    cookie = CONSENT_PRESETS[source][0].encode()
    written = quote(value).encode() if is_encoded else value
    assert reader(source).read([(b"cookie", cookie + b"=" + written)]).answer in Answer


def test_a_cookie_that_was_read_before_is_answered_alike() -> None:
    usercentrics, others = reader("usercentrics"), reader("usercentrics", consent_category="marketing")
    said = ("uc_consent=functional", "uc_consent=marketing", "uc_consent=functional" + "%2Cx" * 500)
    for _ in range(2):
        assert [answer(usercentrics, each) for each in said] == [YES, NO, YES]
        assert [answer(others, each) for each in said] == [NO, YES, NO]


@pytest.mark.parametrize("source", ConsentSource)
def test_a_refusal_is_looked_at_and_the_cookie_of_a_banner(source: ConsentSource) -> None:
    name = CONSENT_PRESETS.get(source, ("mine", ""))[0]
    cookies = frozenset() if source in (ConsentSource.NONE, ConsentSource.NOT_REQUIRED) else frozenset({name.encode()})
    assert ConsentReader(source, name).reads == Reads(frozenset({b"sec-gpc"}), cookies)


def test_of_signals_those_are_left_that_are_permitted() -> None:
    signals: dict[str, Value] = {"geo.country": "NO", "company.name": "Nordea", "visits.count": 2}
    assert Consent(YES, EVERY_TIER).permitted(signals) == signals
    assert Consent(SILENT, frozenset({CONTEXTUAL, COMPANY})).permitted(signals) == {
        "geo.country": "NO",
        "company.name": "Nordea",
    }
    assert Consent(NO, frozenset({CONTEXTUAL})).permitted(signals) == {"geo.country": "NO"}
