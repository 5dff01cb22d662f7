from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given as given_
from hypothesis import settings
from hypothesis import strategies as st

from rules.context import Value, make_context
from rules.decide import decide
from rules.decision import Decision, Outcome
from rules.plan import make_plan
from tests.rules.reading import rulebook

BOOK = """
site: {timezone: Europe/Oslo, link_hosts: [ally.example]}
audiences:
  nordic: {geo.country: [NO, SE, DK]}
experiences:
  hero:
    pages: /
    who: nordic
    priority: 5
    change:
      - {select: h1, text: "Hi {{ geo.city }}"}
      - {select: .b, text: "Fixed"}
  weekend: {pages: /, when: {days: sat-sun}, change: {select: h2, text: Hi}}
  greeting:
    pages: /
    change: {select: h3, text: "{% if visitor.plan %}Dear {{ visitor.plan }}{% else %}Hi{% endif %}"}
  link: {pages: /, who: {visitor.url: {known: true}}, change: {select: a, link: {href: "{{ visitor.url }}"}}}
"""
WEDNESDAY = datetime(2026, 12, 2, 12, tzinfo=UTC)


def decided(folder: Path, signals: dict[str, Value], now: datetime = WEDNESDAY, text: str = BOOK) -> Decision:
    plan = make_plan(rulebook(folder, text), "", "/", {})
    context = make_context(signals, now=now, host="shop.example", site_timezone=plan.site_timezone)
    return decide(plan, context)


@pytest.mark.parametrize(
    ("signals", "outcome", "test", "saw"),
    [
        ({"geo.country": "SE", "geo.city": "Malmö"}, Outcome.CHOSEN, "geo.country: [NO, SE, DK]", "SE"),
        ({"geo.country": "US", "geo.city": "Boston"}, Outcome.NOT_WHO, "geo.country: [NO, SE, DK]", "US"),
        ({"geo.city": "Malmö"}, Outcome.UNKNOWN, "geo.country: [NO, SE, DK]", None),
        ({"geo.country": "SE"}, Outcome.NO_VALUE, "geo.city", None),
    ],
)
def test_every_outcome_has_its_reason(
    tmp_path: Path, signals: dict[str, Value], outcome: Outcome, test: str, saw: Value | None
) -> None:
    reason = decided(tmp_path, signals).reasons[0]
    assert (reason.experience, reason.outcome, reason.saw) == ("hero", outcome, saw)
    assert test in reason.test


def test_a_closed_schedule_tells_the_clock_it_was_read_by(tmp_path: Path) -> None:
    reason = decided(tmp_path, {"geo.timezone": "Asia/Tokyo"}).reasons[1]
    assert (reason.outcome, reason.test) == (Outcome.NOT_NOW, "when: {days: sat-sun}")
    assert str(reason.saw) == "2026-12-02 21:00:00+09:00"


def test_an_unsafe_url_is_no_choice(tmp_path: Path) -> None:
    decision = decided(tmp_path, {"visitor.url": "https://evil.example/"})
    assert decision.reasons[3].outcome is Outcome.UNSAFE
    assert "link" not in [choice.experience.id for choice in decision.choices]


def test_choices_stand_in_order_and_every_experience_has_a_reason(tmp_path: Path) -> None:
    signals: dict[str, Value] = {"geo.country": "NO", "geo.city": "Oslo", "visitor.url": "/x"}
    decision = decided(tmp_path, signals, datetime(2026, 12, 5, 12, tzinfo=UTC))
    assert [choice.experience.id for choice in decision.choices] == ["hero", "weekend", "greeting", "link"]
    assert [reason.experience for reason in decision.reasons] == ["hero", "weekend", "greeting", "link"]
    assert {reason.outcome for reason in decision.reasons} == {Outcome.CHOSEN}


def test_every_fragment_of_a_choice_is_rendered(tmp_path: Path) -> None:
    hero = decided(tmp_path, {"geo.country": "NO", "geo.city": "Oslo"}).choices[0]
    assert set(hero.renderings) == set(hero.variant.fragments)
    assert [hero.renderings[fragment].values for fragment in hero.variant.fragments] == [("Oslo",), ()]


def test_two_visitors_who_differ_in_values_alone_have_one_fingerprint(tmp_path: Path) -> None:
    oslo = decided(tmp_path, {"geo.country": "NO", "geo.city": "Oslo"})
    lund = decided(tmp_path, {"geo.country": "SE", "geo.city": "Lund"})
    assert oslo.fingerprint == lund.fingerprint
    assert len(oslo.fingerprint) == 16


def test_another_choice_is_another_fingerprint(tmp_path: Path) -> None:
    assert decided(tmp_path, {"geo.country": "NO", "geo.city": "Oslo"}).fingerprint != decided(tmp_path, {}).fingerprint


def test_another_branch_of_a_text_is_another_fingerprint(tmp_path: Path) -> None:
    assert decided(tmp_path, {"visitor.plan": "Pro"}).fingerprint != decided(tmp_path, {}).fingerprint


def test_an_edited_change_is_another_fingerprint(tmp_path: Path) -> None:
    edited = BOOK.replace("select: h3", "select: h4")
    assert decided(tmp_path, {}).fingerprint != decided(tmp_path, {}, text=edited).fingerprint


def test_a_fingerprint_is_the_same_in_every_process(tmp_path: Path) -> None:
    signals: dict[str, Value] = {"geo.country": "NO", "geo.city": "Oslo", "visitor.plan": "Pro"}
    for _ in range(2):
        assert decided(tmp_path, signals).fingerprint.hex() == "a281b259ba4b8691745659be81666a25"


def test_what_a_fingerprint_covers_is_kept_for_some_shapes_and_told_for_any(tmp_path: Path) -> None:
    text = "{% for c in visitor.plan %}.{% endfor %}"
    book = rulebook(tmp_path, f"experiences: {{a: {{pages: /, change: {{select: h1, text: '{text}'}}}}}}")
    plan, (variant,) = make_plan(book, "", "/", {}), book.experiences[0].variants
    contexts = [make_context({"visitor.plan": "x" * length}, now=WEDNESDAY) for length in (*range(1, 100), 20_000)]
    fingerprints = [decide(plan, context).fingerprint for context in contexts]
    assert len(set(fingerprints)) == len(contexts)
    assert [decide(plan, context).fingerprint for context in contexts] == fingerprints
    assert len(variant.told) == 64


def test_a_shape_that_is_large_is_not_kept(tmp_path: Path) -> None:
    text = "{% for c in visitor.plan %}.{% endfor %}"
    book = rulebook(tmp_path, f"experiences: {{a: {{pages: /, change: {{select: h1, text: '{text}'}}}}}}")
    decide(make_plan(book, "", "/", {}), make_context({"visitor.plan": "x" * 20_000}, now=WEDNESDAY))
    assert book.experiences[0].variants[0].told == {}


def test_no_experience_decides_nothing(tmp_path: Path) -> None:
    decision = decided(tmp_path, {}, text="experiences: {}")
    assert (decision.choices, decision.reasons) == ((), ())


EXPERIMENT = """
holdout: {share: 30%}
experiences:
  cta:
    pages: /
    who: {geo.country: NO}
    experiment: {split: {original: 40, bold: 60}, coverage: 50%}
    variants: {bold: {change: {select: h1, text: "Hi {{ geo.city }}"}}}
  plain: {pages: /, change: {select: h2, text: Hi}}
"""
NORWAY: dict[str, Value] = {"geo.country": "NO", "geo.city": "Oslo"}


def given(folder: Path, visitor_id: str = "", signals: dict[str, Value] = NORWAY, **assigned: str) -> Decision:
    plan = make_plan(rulebook(folder, EXPERIMENT), "", "/", {})
    return decide(plan, make_context(signals, now=WEDNESDAY, visitor_id=visitor_id, assigned=assigned))


def test_every_visitor_with_an_id_has_one_of_the_fates(tmp_path: Path) -> None:
    plan = make_plan(rulebook(tmp_path, EXPERIMENT), "", "/", {})
    fates: dict[tuple[Outcome, str, Outcome], int] = {}
    for number in range(2_000):
        decision = decide(plan, make_context(NORWAY, now=WEDNESDAY, visitor_id=f"visitor-{number}"))
        cta, plain = decision.reasons
        fates[cta.outcome, cta.arm, plain.outcome] = fates.get((cta.outcome, cta.arm, plain.outcome), 0) + 1
        assert [choice.variant.id for choice in decision.choices] == (
            ["bold"] * (cta.outcome is Outcome.CHOSEN) + [""] * (plain.outcome is Outcome.CHOSEN)
        )
    assert set(fates) == {
        (Outcome.HELD_OUT, "", Outcome.HELD_OUT),
        (Outcome.NOT_COVERED, "", Outcome.CHOSEN),
        (Outcome.CONTROL, "original", Outcome.CHOSEN),
        (Outcome.CHOSEN, "bold", Outcome.CHOSEN),
    }


def test_without_an_id_nobody_is_enrolled_or_held_out(tmp_path: Path) -> None:
    decision = given(tmp_path)
    assert [reason.outcome for reason in decision.reasons] == [Outcome.NOT_ENROLLED, Outcome.CHOSEN]


def test_whom_an_experiment_is_not_for_is_given_nothing(tmp_path: Path) -> None:
    decision = given(tmp_path, signals={"geo.country": "SE"}, cta="bold")
    assert (decision.reasons[0].outcome, decision.reasons[0].arm) == (Outcome.NOT_WHO, "")


@pytest.mark.parametrize(("arm", "outcome"), [("bold", Outcome.CHOSEN), ("original", Outcome.CONTROL)])
def test_an_arm_that_is_assigned_is_given(tmp_path: Path, arm: str, outcome: Outcome) -> None:
    reason = given(tmp_path, cta=arm).reasons[0]
    assert (reason.outcome, reason.arm) == (outcome, arm)
    assert (reason.test, reason.saw) == ("geo.country: NO", "NO")


def test_an_arm_that_cant_be_said_tells_which_it_was(tmp_path: Path) -> None:
    reason = given(tmp_path, signals={"geo.country": "NO"}, cta="bold").reasons[0]
    assert (reason.outcome, reason.test, reason.arm) == (Outcome.NO_VALUE, "geo.city", "bold")


def test_the_arms_of_an_experiment_have_fingerprints_of_their_own(tmp_path: Path) -> None:
    assert given(tmp_path, cta="bold").fingerprint != given(tmp_path, cta="original").fingerprint


VALUES = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["NO", "SE", "Oslo", "https://evil.example/", "//evil.example", "/x"]),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.tuples(st.text(max_size=3)),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
)
SIGNALS = ["geo.country", "geo.city", "geo.timezone", "visitor.plan", "visitor.url"]


@settings(max_examples=300)
@given_(st.dictionaries(st.sampled_from(SIGNALS), VALUES), st.text(max_size=8), st.datetimes(timezones=st.just(UTC)))
def test_deciding_is_total_deterministic_and_pure(
    tmp_path_factory: pytest.TempPathFactory, signals: dict[str, Value], visitor_id: str, now: datetime
) -> None:
    book = BOOK + EXPERIMENT.partition("experiences:")[2]
    plan = make_plan(rulebook(tmp_path_factory.mktemp("rules"), book), "", "/", {})
    context = make_context(signals, now=now, visitor_id=visitor_id, site_timezone=plan.site_timezone)
    before = dict(context.signals)
    one, other = decide(plan, context), decide(plan, context)
    assert [reason.experience for reason in one.reasons] == [experience.id for experience in plan.experiences]
    # By repr, since NaN is not equal to itself.
    assert repr(one) == repr(other)
    assert one.fingerprint == other.fingerprint
    assert repr(before) == repr(dict(context.signals))
