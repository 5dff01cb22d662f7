from __future__ import annotations

from rules.fields import Problems
from rules.load_pages import read_pages
from rules.pages import PagePattern
from tests.rules.reading import node


def test_a_page_is_a_glob_or_says_more_or_is_one_of_a_list() -> None:
    problems = Problems()
    text = "[/a, {path: /b, host: shop.example}, {query: {ref: '*'}}]"
    assert read_pages(node(text), "`pages`", problems) == (
        PagePattern("/a"),
        PagePattern("/b", "shop.example"),
        PagePattern("/**", "", (("ref", "*"),)),
    )
    assert problems.found == []


def test_what_is_wrong_with_one_is_told_beside_the_others() -> None:
    problems = Problems()
    text = "[{}, {pth: /b}, /c, {query: {ref: }}]"
    assert [page.path for page in read_pages(node(text), "`pages`", problems)] == ["/c"]
    assert [problem.message for problem in problems.found] == [
        "a page without `path`",
        "unknown key `pth` in a page",
        "a page without `path`",
        "`ref` has no value",
    ]
