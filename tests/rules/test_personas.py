from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rules.context import Context, make_context
from rules.errors import MistakeError
from rules.personas import Persona, read_persona
from tests.rules.reading import NOON

EXPERIMENTS = {"pricing.cta": ("original", "bold"), "hero": ()}


def read(text: str) -> Persona:
    return read_persona(text, EXPERIMENTS)


def observed(**signals: str) -> Context:
    """A request's context; `country` stands for `geo.country`."""
    return make_context({f"geo.{name}": value for name, value in signals.items()}, now=NOON, host="shop.example")


def context(text: str, **signals: str) -> Context:
    return read(text).context(observed(**signals), "UTC", lambda name: True)


def test_signals_and_the_moment_are_read_by_their_types() -> None:
    persona = read("geo.country:se, device.type:mobile ,geo.eu:true,at:2026-12-24T20:00")
    assert persona.signals == {"geo.country": "SE", "device.type": "mobile", "geo.eu": True}
    assert persona.at == datetime(2026, 12, 24, 20)  # noqa: DTZ001


def test_only_the_first_colon_parts_name_from_value() -> None:
    assert read("source.campaign:a:b").signals == {"source.campaign": "a:b"}


def test_a_value_in_quotes_may_hold_commas_and_doubled_quotes() -> None:
    assert read('geo.city:"Washington, D.C.",source.term:"a ""b"", c"').signals == {
        "geo.city": "Washington, D.C.",
        "source.term": 'a "b", c',
    }


def test_a_position_stands_in_quotes() -> None:
    assert str(read('geo.position:"59.9,10.7"').signals["geo.position"]) == "59.9,10.7"


def test_an_id_a_host_consent_and_arms_are_no_signals() -> None:
    persona = read("id:anna,host:Shop.Example,consent:No,variant.pricing.cta:bold")
    assert persona == Persona(id="anna", host="shop.example", consent=False, variants={"pricing.cta": "bold"})


def test_nothing_written_is_a_persona_of_whom_nothing_is_said() -> None:
    assert read("") == Persona()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("geo.contry:SE", "unknown signal `geo.contry` (did you mean 'geo.country'?)"),
        ("geo.country:Sweden", "`geo.country` is never `Sweden`"),
        ("device.type:phone", "`device.type` is never `phone` (did you mean 'mobile'?)"),
        ("country", "`country` is no `name:value` (such as geo.country:SE,device.type:mobile)"),
        ("cuntry:SE", "unknown word `cuntry`"),
        ("consnt:no", "unknown word `consnt` (did you mean 'consent'?)"),
        ("geo.country:", "`geo.country` has no value (what is not known of a visitor is left out)"),
        ("geo.country:SE,,at:2026-12-24T20:00", "`` is no `name:value`"),
        ("geo.country:SE,geo.country:NO", "`geo.country` is said twice (say it once)"),
        ('geo.city:"Oslo', "`geo.city:\"Oslo` can't be read (a value that has a comma"),
        ("at:noon", "`at` wants a moment, not `noon` (such as 2026-12-02T10:00)"),
        ("time.hour:9", "`time.hour` follows from the moment (`at` says it, such as 2026-12-24T20:00)"),
        ("page.path:/", "`page.path` follows from the page (write it into the path and its query)"),
        ("consent:perhaps", "`consent` is `yes` or `no`, not `perhaps`"),
        ("variant.hero:bold", "`hero` is no experiment (there is pricing.cta)"),
        ("variant.pricing.cta:loud", "unknown variant `loud` (it has original, bold)"),
    ],
)
def test_what_can_not_be_is_told_with_what_it_should_be(text: str, complaint: str) -> None:
    with pytest.raises(MistakeError) as refused:
        read(text)
    mistake = refused.value
    assert (f"{mistake.message} ({mistake.hint})" if mistake.hint else mistake.message).startswith(complaint)


def test_what_is_said_wins_over_what_is_observed_and_the_rest_stays() -> None:
    told = context("geo.country:SE", country="NO", city="Oslo")
    assert (told.get("geo.country"), told.get("geo.city")) == ("SE", "Oslo")


def test_a_moment_is_on_the_personas_clock_and_so_are_the_signals_of_time() -> None:
    told = context("geo.timezone:Asia/Tokyo,at:2026-12-24T20:00")
    assert told.now == datetime(2026, 12, 24, 11, tzinfo=UTC)
    assert (told.get("time.hour"), told.get("time.weekday")) == (20, "thu")


def test_a_country_that_is_said_brings_its_own_holidays() -> None:
    assert context("at:2026-05-17T12:00", country="SE").get("time.holiday") is False
    assert context("geo.country:NO,at:2026-05-17T12:00", country="SE").get("time.holiday") is True


def test_a_signal_that_the_consent_does_not_cover_is_not_known_whatever_is_said() -> None:
    told = read("visitor.plan:gold,geo.country:SE").context(observed(), "UTC", lambda name: name.startswith("geo."))
    assert (told.get("visitor.plan"), told.get("geo.country")) == (None, "SE")


def test_arms_are_given_beforehand() -> None:
    assert context("variant.pricing.cta:bold").assigned == {"pricing.cta": "bold"}
