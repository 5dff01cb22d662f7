"""How many shapes a fragment can take: what its author wrote, along each way through its branches.

Visitors of one shape share one cut of a page, so this is what a text adds to the number of variants. A value that is
printed adds nothing, whatever stands in for it where it is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from jinja2 import nodes

_LENGTHS = 10
"""What is reckoned for a loop, whose list may have any length."""
_MOST = 1_000_000
_MOST_QUESTIONS = 10


def count_shapes(trees: Sequence[nodes.Template]) -> int:
    """The most shapes of a fragment, given the trees of all files that it includes."""
    # Jinja compares nodes by what they say: one question, however often it is asked, has one answer.
    questions: list[nodes.Node] = []
    for choice in (choice for tree in trees for choice in tree.find_all(nodes.If)):
        if choice.test not in questions:
            questions.append(choice.test)
    parts = [part for tree in trees for part in tree.body]
    if len(questions) > _MOST_QUESTIONS or any(tree.find(nodes.For) is not None for tree in trees):
        return _most_of(parts)
    answers = product((True, False), repeat=len(questions))
    return len({tuple(_way(parts, questions, each)) for each in answers})


def _way(parts: Iterable[nodes.Node], questions: Sequence[nodes.Node], answers: Sequence[bool]) -> Iterator[int]:
    """Which branch is taken, at each choice that is come to."""
    for part in parts:
        if not isinstance(part, nodes.If):
            continue
        branches = (part, *part.elif_)
        taken = next((n for n, each in enumerate(branches) if answers[questions.index(each.test)]), len(branches))
        yield taken
        yield from _way(branches[taken].body if taken < len(branches) else part.else_, questions, answers)


def _most_of(parts: Iterable[nodes.Node]) -> int:
    """The shapes as if no two questions had to do with each other."""
    count = 1
    for part in parts:
        if isinstance(part, nodes.If):
            branches = [part.body, *(each.body for each in part.elif_), part.else_]
            count *= sum(map(_most_of, branches))
        elif isinstance(part, nodes.For):
            count *= _LENGTHS * _most_of(part.body) + _most_of(part.else_)
        count = min(count, _MOST)
    return count
