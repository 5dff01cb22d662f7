"""The JSON Schema of rule files, from the loader's own tables: for editors, which complete and underline by it.

It is never stricter than the loader, and often laxer: what a text or a selector may be, only loading tells. Editors
read a scalar by YAML's own types, so wherever a rule takes a text, the schema takes what YAML calls a number as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields as fields_of
from typing import Any

from rules import (
    load,
    load_changes,
    load_experiences,
    load_experiments,
    load_pages,
    load_rank,
    load_schedule,
    load_tests,
    load_variants,
)
from rules.fields import ID
from rules.model import SetImage, SetLink, Where
from rules.operator_table import operators_of
from rules.positions import NEAR_KEYS
from rules.rank import ITEM
from rules.signals import WEEKDAYS, Signal, Type, catalogue

Schema = dict[str, Any]

_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_FLAG: Schema = {
    "anyOf": [{"type": "boolean"}, {"type": "string", "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"}]
}
_TRUE: Schema = {"anyOf": [{"const": True}, {"type": "string", "pattern": "^[Tt][Rr][Uu][Ee]$"}]}
_WHOLE_NUMBER: Schema = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[+-]?[0-9]{1,9}$"}]}
_FAMILY = ">"


def rule_file_schema() -> Schema:
    """The schema of one rule file, in JSON Schema's draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A rule file of Tailor",
        **_block("a rule file", load.KEYS, _sections()),
        "$defs": {
            "text": _TEXT,
            "texts": _one_or_more(_TEXT),
            "markup": _markup(),
            "condition": _condition(),
            "item_condition": _item_condition(),
            "page": _page(),
            "pages": _one_or_more(_ref("page")),
            "when": _block("when", load_schedule.KEYS, _when()),
            "change": _change(),
            "experience": {
                **_block("experience", load_experiences.KEYS, {**_experience(), **_shown()}),
                "required": ["pages"],
                "anyOf": [{"required": [key]} for key in (*load_variants.KEYS, "variants")],
            },
            "variant": {**_block("variant", load_variants.KEYS, _shown()), "minProperties": 1},
            "test": {**_block("test", load_tests.KEYS, _test()), "required": ["name", "visit"]},
            **{_test_name(kind): _signal_test(kind) for kind in Type},
        },
    }


def _sections() -> Mapping[str, Schema]:
    site = {
        "timezone": _said("the clock of visitors whose own is not known", _TEXT, "Europe/Oslo"),
        "country": _said("the site's country, ISO 3166-1 alpha-2", _TEXT, "NO"),
        "languages": _said("the site's languages", _ref("texts"), "en"),
        "link_hosts": _said("hosts beside the site's own that built links may lead to", _ref("texts"), "shop.example"),
    }
    return {
        "site": _block("site", load.SITE_KEYS, site),
        "audiences": _said("conditions with a name, for use in several experiences", _named(_ref("condition"))),
        "experiences": _said("what changes, for whom, where and when", _named(_ref("experience"))),
        "goals": _said("what experiments are to bring about", _named(_goal())),
        "holdout": _block(
            "visitors who always see the original",
            load_experiments.HOLDOUT_KEYS,
            {"share": _said("the share of them", _TEXT, "5%")},
        ),
        "tests": _said(
            "visits, and what should be for them", {"type": ["array", "null"], "minItems": 1, "items": _ref("test")}
        ),
    }


def _goal() -> Schema:
    goal = _block("a goal", load.GOAL_KEYS, {"page": _said("a visit to this page", _ref("pages"), "/thanks")})
    return {**goal, "required": list(load.GOAL_KEYS)}


def _experience() -> Mapping[str, Schema]:
    return {
        "title": _said("what it is about, for colleagues", _TEXT),
        "pages": _said("on which pages; * is one step of a path, ** any number", _ref("pages"), "/products/*"),
        "except": _said("on which of these pages not", _ref("pages"), "/checkout/**"),
        "who": _said("for which visitors: a condition, or the name of an audience", _ref("condition")),
        "when": _said("from when to when, on which days, at which hours", _ref("when")),
        "priority": _said("who wins a place that several want: the higher", _WHOLE_NUMBER, 10),
        "enabled": _said("false switches it off", _FLAG),
        "draft": _said("true: it is checked, and visitors never see it", _FLAG),
        "experiment": _block("who of its visitors sees which variant", load_experiments.KEYS, _experiment()),
        "variants": _said(
            "what there is to see beside the original",
            {**_named(_ref("variant")), "type": "object", "minProperties": 1},
        ),
    }


def _shown() -> Mapping[str, Schema]:
    return {
        "change": _said("the places, and what happens there", _one_or_more(_ref("change"))),
        "redirect": _said("another URL that the visitor is sent to", _TEXT, "/no/"),
        "serve": _said("another page of the origin, under this URL", _TEXT, "/pricing-b"),
    }


def _experiment() -> Mapping[str, Schema]:
    split = {"type": "object", "minProperties": 1, "additionalProperties": _TEXT}
    return {
        "goal": _said("what it is to bring about, one of `goals`", _TEXT, "signup"),
        "split": _said("the share of each variant, 100 together", split, {"original": 50, "bold": 50}),
        "coverage": _said("the share of visitors who take part", _TEXT, "40%"),
        "layer": _said("a name; experiments with one name exclude each other", _TEXT, "pricing"),
    }


def _when() -> Mapping[str, Schema]:
    holidays = {
        "country": _said("visitor, site, or a country's two letters", _TEXT, "visitor"),
        "is": _said("true: on holidays; false: on all other days", _FLAG),
    }
    day = {"anyOf": [{"enum": [*WEEKDAYS, "mon-fri"]}, {"type": "string"}]}
    return {
        "from": _said("a date or a moment, included", {"type": "string"}, "2026-12-01"),
        "until": _said("a date or a moment, included", {"type": "string"}, "2026-12-24"),
        "days": _said("days of the week", _one_or_more(day), "mon-fri"),
        "hours": _said("hours of the day, in quotes", _one_or_more({"type": "string"}), "08:00-18:00"),
        "holidays": _block("public holidays", load_schedule.HOLIDAY_KEYS, holidays),
        "timezone": _said("visitor, site, or the name of a zone", _TEXT, "visitor"),
    }


def _change() -> Schema:
    actions = {
        "text": _said("replaces the content with a text", _TEXT),
        "html": _said("replaces the content with markup", _TEXT),
        "template": _said("replaces the content with a file of templates/", _TEXT, "offer.html"),
        "replace": _said("puts markup in the element's own place", _ref("markup")),
        "insert": _said("adds markup beside or inside the element", _insert()),
        "image": _said("swaps a picture", _texts_of(SetImage, "src")),
        "link": _said("a call to action", _texts_of(SetLink, "href")),
        "attributes": _said("sets attributes; null takes one away", _attributes()),
        "add_class": _said("adds class names", _ref("texts")),
        "remove_class": _said("takes class names away", _ref("texts")),
        "remove": _said("takes the element out of the page", _TRUE),
        "rank": _rank(),
    }
    options = {
        "select": _said("the place, as a CSS selector in quotes", _TEXT, "#hero h1"),
        "with": _said("values for the template", {"type": "object", "additionalProperties": _ref("text")}),
        "all": _said("true: every match, not exactly one", _FLAG),
        "optional": _said("true: this change may be left out alone", _FLAG),
        "seo": _said("true: it may touch what search engines read", _FLAG),
    }
    keys = (*load_changes.OPTIONS, *load_changes.ACTIONS)
    one_action = [{"required": [name]} for name in load_changes.ACTIONS]
    return {**_block("change", keys, {**options, **actions}), "required": ["select"], "oneOf": one_action}


def _rank() -> Schema:
    place = {
        "select": _said("the first match in the item; left out: the item itself", _TEXT, ".price"),
        "attribute": _said("an attribute of it; left out: its text", _TEXT, "data-price"),
        "as": _said("what is compared", {"enum": list(load_rank.TYPES)}, "number"),
    }
    read: Schema = {"anyOf": [_TEXT, {**_block("where it stands", load_rank.READ_KEYS, place), "minProperties": 1}]}
    boost = {
        "boost": _said("how much it counts; less than 0 moves items down", {"type": ["number", "string"]}, 2),
        "where": _said("for which items", _ref("item_condition")),
    }
    entry = {**_block("what counts", load_rank.BY_KEYS, boost), "required": list(load_rank.BY_KEYS)}
    named = {"type": "object", "minProperties": 1, "maxProperties": load_rank.MAX_FIELDS, "additionalProperties": read}
    known = {
        "items": _said("the items of the list, as a CSS selector within it", _TEXT, "> li"),
        "read": _said("what is read of each item: @attribute, or a selector", named, {"brand": "@data-brand"}),
        "by": _said("what moves items up, or down", _one_or_more(entry)),
        "pin": _said("items that stay where they are, as a CSS selector", _TEXT, ".sponsored"),
        "keep_first": _said("as many items at the top stay where they are", _WHOLE_NUMBER, 1),
    }
    return {**_block("puts a list in another order", load_rank.KEYS, known), "required": ["items", "read", "by"]}


def _insert() -> Schema:
    places = {place.value: _ref("markup") for place in Where}
    return {**_closed(places), "minProperties": 1, "maxProperties": 1}


def _attributes() -> Schema:
    return {"type": "object", "minProperties": 1, "additionalProperties": {"type": [*_TEXT["type"], "null"]}}


def _texts_of(action: type[SetImage | SetLink], required: str) -> Schema:
    return {**_closed({field.name: _ref("text") for field in fields_of(action)}), "required": [required]}


def _markup() -> Schema:
    with_ = {"type": "object", "additionalProperties": _ref("text")}
    html = {**_closed({"html": _ref("text")}), "required": ["html"]}
    template = {**_closed({"template": _ref("text"), "with": with_}), "required": ["template"]}
    return {"anyOf": [_TEXT, html, template]}


def _page() -> Schema:
    place = {
        "path": _said("the path", _TEXT, "/products/*"),
        "host": _said("the site's name", _TEXT, "*.shop.example"),
        "query": _said("parameters that the URL must have", {"type": "object", "additionalProperties": _ref("text")}),
    }
    return {"anyOf": [_TEXT, {**_block("page", load_pages.KEYS, place), "minProperties": 1}]}


def _condition() -> Schema:
    tests = {signal.name: _of_signal(signal, _ref(_test_name(signal.type))) for signal in catalogue()}
    return {"anyOf": [_TEXT, {**_signals(_groups("condition"), tests), "minProperties": 1}]}


def _item_condition() -> Schema:
    kinds: Schema = {"anyOf": [_ref(_test_name(kind)) for kind in load_rank.TYPES.values()]}
    tests = {f"{ITEM}<name>": _said("a value of the item, by its name under read", kinds)}
    return {**_signals(_groups("item_condition"), tests), "minProperties": 1}


def _groups(condition: str) -> Mapping[str, Schema]:
    some = _one_or_more(_ref(condition))
    return {
        "all": _said("true where every part is", some),
        "any": _said("true where one part is", some),
        "none": _said("true where every part is false", some),
    }


def _test() -> Mapping[str, Schema]:
    visit = {
        "page": _said("the page's path, with its query if it has one", _TEXT, "/products/shoes"),
        "at": _said("a moment on the visitor's clock; now, if left out", {"type": "string"}, "2026-12-02T10:00"),
        "host": _said("the name under which the visitor reaches the site", _TEXT, "shop.example"),
        "id": _said("the visitor's id; without one, nobody takes part in an experiment", _TEXT, "visitor-1"),
        "variants": _said(
            "what experiments give the visitor", {"type": "object", "additionalProperties": _TEXT}, {"pricing": "bold"}
        ),
    }
    # A page's signals follow from the page, and those of time from the moment.
    given = [signal for signal in catalogue() if not signal.name.startswith(("page.", "time."))]
    values = {signal.name: _of_signal(signal, _ref("texts")) for signal in given}
    return {
        "name": _said("who visits, and what should come of it", _TEXT),
        "visit": {**_signals({key: visit[key] for key in load_tests.VISIT_KEYS}, values), "required": ["page"]},
        "shows": _said("the experiences that are for this visit", _ref("texts")),
        "hides": _said("the experiences that are not", _ref("texts")),
        "places": _said(
            "the text that stands at each place; for `tailor test --origin`",
            {"type": "object", "minProperties": 1, "additionalProperties": _TEXT},
            {"#hero h1": "Welcome back"},
        ),
    }


def _signal_test(kind: Type) -> Schema:
    """What may stand beside a signal of this type: a value, a list of them, or operators."""
    operators = _operators()
    named = {**_closed({name: operators[name] for name in operators_of(kind)}), "minProperties": 1}
    # No value equals a position.
    return named if kind is Type.POSITION else {"anyOf": [_ref("texts"), named]}


def _operators() -> Mapping[str, Schema]:
    two: Schema = {"type": "array", "minItems": 2, "maxItems": 2, "items": _ref("text")}
    near = {
        "lat": _said("latitude in degrees, north is positive", _TEXT, 59.9),
        "lon": _said("longitude in degrees, east is positive", _TEXT, 10.7),
        "km": _said("how far from there at most", _TEXT, 50),
    }
    age: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,4} ?[mhdw]$"}
    return {
        "at_least": _said("this or more", _TEXT, 5),
        "at_most": _said("this or less", _TEXT, 5),
        "above": _said("more than this", _TEXT, 5),
        "below": _said("less than this", _TEXT, 5),
        "between": _said("one of the two, or between them", two, [5, 9]),
        "contains": _said("has this text in it; of a list, one of its items is this", _ref("texts"), "tent"),
        "starts_with": _said("begins with this text", _ref("texts"), "out"),
        "ends_with": _said("ends with this text", _ref("texts"), "sale"),
        "matches": _said("fits this regular expression, anywhere", _ref("texts"), "^(tents?|packs?)$"),
        "within": _said("at most this long ago: m, h, d or w", age, "30d"),
        "older_than": _said("longer ago than this: m, h, d or w", age, "14d"),
        "near": {**_block("at most so far from a place", NEAR_KEYS, near), "required": list(NEAR_KEYS)},
        "known": _said("whether it has a value at all", _FLAG, True),
    }


def _of_signal(signal: Signal, value: Schema) -> Schema:
    if signal.values:
        # Told for completion only: the loader also takes other cases, and `*`.
        value = {"anyOf": [{"enum": list(signal.values)}, value]}
    return _said(signal.meaning, value, signal.example)


def _signals(known: Mapping[str, Schema], signals: Mapping[str, Schema]) -> Schema:
    """A mapping with these keys, and with signals; an open family of them is a pattern."""
    families = {name: schema for name, schema in signals.items() if name.endswith(_FAMILY)}
    single = {name: schema for name, schema in signals.items() if name not in families}
    patterns = {f"^{name.partition('<')[0].replace('.', '[.]')}.": schema for name, schema in families.items()}
    return {**_closed({**known, **single}), "patternProperties": patterns}


def _test_name(kind: Type) -> str:
    return f"{kind.name.lower()}_test"


def _block(what: str, keys: Iterable[str], known: Mapping[str, Schema]) -> Schema:
    """A mapping with the loader's keys: one that is not described here can't be left out by mistake."""
    return {"description": what, **_closed({key: known[key] for key in keys})}


def _closed(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _named(schema: Schema) -> Schema:
    """A section of things by their ids; a heading with everything under it commented out is null."""
    ids = {"pattern": f"^(?:{ID.pattern})$"}
    return {"type": ["object", "null"], "propertyNames": ids, "additionalProperties": schema}


def _one_or_more(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "array", "minItems": 1, "items": schema}]}


def _said(description: str, schema: Schema, example: Any = None) -> Schema:
    return {"description": description, **schema, **({"examples": [example]} if example is not None else {})}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
