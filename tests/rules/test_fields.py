from __future__ import annotations

import pytest

from rules import fields
from rules.errors import MistakeError, Position
from rules.fields import Problems
from rules.nodes import Entries, Scalar, Source
from tests.rules.reading import node

PLACE = Position("a.yaml", 1, 1)


def test_a_mistake_inside_becomes_a_problem_at_the_part_being_read() -> None:
    problems = Problems()
    problems.keep(Source.of("a.yaml", "one\n  two\n"))
    with problems.at(Position("a.yaml", 2, 3)):
        raise MistakeError("it is wrong", hint="mend it")
    assert [str(problem) for problem in problems.found] == ["a.yaml:2:3: it is wrong (mend it)"]
    assert problems.found[0].excerpt == "two"


def test_a_mistake_that_knows_its_place_keeps_it() -> None:
    problems = Problems()
    with problems.at(PLACE):
        raise MistakeError("it is wrong", position=Position("b.yaml", 7, 2))
    assert str(problems.found[0].position) == "b.yaml:7:2"


def test_what_can_be_read_is_read_and_what_is_not_there_is_the_default() -> None:
    problems = Problems()
    assert problems.read(node("5"), lambda each: fields.integer(each, "it"), 1) == 5
    assert problems.read(None, lambda each: fields.integer(each, "it"), 1) == 1
    assert problems.found == []
    assert problems.read(node("five"), lambda each: fields.integer(each, "it"), 1) == 1
    assert [problem.message for problem in problems.found] == ["it wants a whole number, not `five`"]


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), Problems().at(PLACE):
        raise KeyError


@pytest.mark.parametrize(("word", "flag"), [("true", True), ("False", False), ('"TRUE"', True)])
def test_a_flag_is_true_or_false(word: str, flag: bool) -> None:
    assert fields.flag(node(word), "it") is flag


@pytest.mark.parametrize("word", ["yes", "on", "1", "off"])
def test_other_words_are_no_flag(word: str) -> None:
    with pytest.raises(MistakeError, match=f"it is `true` or `false`, not `{word}`"):
        fields.flag(node(word), "it")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("1,000", "write 1000"),
        ("1'000'000", "write 1000000"),
        ("1,000.50", "write 1000.50"),
        ("12,5", "write 12.5"),
        ("€5", "such as 12.5"),
    ],
)
def test_a_number_with_separators_is_told_how_to_be_written(word: str, hint: str) -> None:
    with pytest.raises(MistakeError) as caught:
        fields.number(word, "price")
    assert (caught.value.message, caught.value.hint) == (f"price wants a number, not `{word}`", hint)


def test_one_text_is_a_list_of_one() -> None:
    assert fields.texts(node("a"), "it") == ("a",)
    assert fields.texts(node("[a, 'b c']"), "it") == ("a", "b c")


@pytest.mark.parametrize(
    ("key", "hint"), [("Hero Ad", "call it hero-ad"), ("-a", "call it a"), ("ÆØ", ""), ("a/b", "call it a-b")]
)
def test_an_id_is_a_plain_word(key: str, hint: str) -> None:
    with pytest.raises(MistakeError) as caught:
        fields.identifier(Scalar(key, PLACE), "an experience")
    assert caught.value.hint == hint
    assert fields.identifier(Scalar("hero-2.b_c", PLACE), "an experience") == "hero-2.b_c"


def test_unknown_keys_and_those_of_a_later_version_are_told() -> None:
    problems = Problems()
    block = node("{pags: 1, rank: 2, zzz: 3, pages: 4}")
    assert isinstance(block, Entries)
    fields.known_keys(block, "it", ("pages", "who"), problems, later=("rank",))
    assert [(problem.message, problem.hint) for problem in problems.found] == [
        ("unknown key `pags` in it", "did you mean 'pages'?"),
        ("`rank` is not supported by this version", "take it out"),
        ("unknown key `zzz` in it", "it knows pages, who"),
    ]
