from pathlib import Path

from rules.context import Value
from rules.decision import Outcome
from rules.explain import Explanation, explain
from rules.visits import Visit
from tests.rules.reading import NOON, rulebook

CHANGE = "change: [{select: h1, text: Hi}]"


def explained(folder: Path, experiences: str, path: str = "/", **geo: Value) -> tuple[Explanation, ...]:
    """Explanations for a visitor somewhere; `country` stands for `geo.country`."""
    book = rulebook(folder, f"experiences:\n{experiences}")
    visit = Visit(path, signals={f"geo.{name}": value for name, value in geo.items()})
    return explain(book, visit, NOON).explanations


def test_each_experience_of_the_page_is_explained_in_the_order_in_which_they_win(tmp_path: Path) -> None:
    text = f"""
  low: {{pages: /, {CHANGE}}}
  elsewhere: {{pages: /cart, {CHANGE}}}
  high: {{pages: /, priority: 5, who: {{geo.country: NO}}, {CHANGE}}}
"""
    told = explained(tmp_path, text, country="SE")
    assert [(each.experience.id, each.reason.outcome) for each in told] == [
        ("high", Outcome.NOT_WHO),
        ("low", Outcome.CHOSEN),
    ]


def test_the_tree_holds_every_test_with_its_outcome_and_what_it_saw(tmp_path: Path) -> None:
    who = "{any: [geo.country: NO, none: [geo.city: Bergen]]}"
    (told,) = explained(tmp_path, f"  a: {{pages: /, who: {who}, {CHANGE}}}", country="SE")
    assert told.who is not None
    country, nobody = told.who.parts
    assert (told.who.written, told.who.holds) == ("any", None)
    assert (country.written, country.holds, country.saw) == ("geo.country: NO", False, "SE")
    assert (nobody.written, nobody.holds) == ("none", None)
    (city,) = nobody.parts
    assert (city.holds, city.saw, city.decided, country.decided) == (None, None, True, False)


def test_a_closed_schedule_is_told_with_its_clock_and_the_condition_all_the_same(tmp_path: Path) -> None:
    when = "{hours: '08:00-18:00', timezone: visitor}"
    text = f"  a: {{pages: /, who: {{geo.country: SE}}, when: {when}, {CHANGE}}}"
    (told,) = explained(tmp_path, text, country="SE", timezone="Asia/Tokyo")
    assert told.reason.outcome is Outcome.NOT_NOW
    assert told.when is not None
    assert (told.when.is_open, told.when.clock.hour) == (False, 21)
    assert told.who is not None
    assert told.who.holds is True


def test_every_text_that_misses_a_name_is_told(tmp_path: Path) -> None:
    texts = '[{select: h1, text: "{{ geo.city }}"}, {select: h2, text: "{{ geo.region }}"}, {select: p, text: Hi}]'
    (told,) = explained(tmp_path, f"  a: {{pages: /, change: {texts}}}")
    assert told.reason.outcome is Outcome.NO_VALUE
    assert told.missing == ("geo.city", "geo.region")


def test_a_draft_is_explained_as_if_it_were_live_and_still_a_draft(tmp_path: Path) -> None:
    (told,) = explained(tmp_path, f"  a: {{pages: /, draft: true, {CHANGE}}}")
    assert (told.reason.outcome, told.experience.draft) == (Outcome.CHOSEN, True)


def test_what_is_switched_off_is_named_where_it_would_be_for_the_page(tmp_path: Path) -> None:
    text = f"""
experiences:
  off: {{pages: /**, except: /cart, enabled: false, {CHANGE}}}
  far: {{pages: /far, enabled: false, {CHANGE}}}
"""
    book = rulebook(tmp_path, text)
    assert explain(book, Visit("/"), NOON).switched_off == ("off",)
    assert explain(book, Visit("/cart"), NOON).switched_off == ()


EXPERIMENT = """
goals: {bought: {page: /thanks}}
experiences:
  cta:
    pages: /
    experiment: {goal: bought, split: {original: 40, city: 30, region: 30}}
    variants:
      city: {change: [{select: p, text: "{{ geo.city }}"}]}
      region: {change: [{select: p, text: "{{ geo.region }}"}]}
"""


def test_of_an_experiment_the_texts_of_the_arm_that_was_given_are_told(tmp_path: Path) -> None:
    book = rulebook(tmp_path, EXPERIMENT)
    missing = {
        arm: explain(book, Visit("/", variants={"cta": arm}), NOON).explanations[0].missing
        for arm in ("original", "city", "region")
    }
    assert missing == {"original": (), "city": ("geo.city",), "region": ("geo.region",)}
    assert explain(book, Visit("/"), NOON).explanations[0].missing == ()
