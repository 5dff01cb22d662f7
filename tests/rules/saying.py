"""Fragments from text, and what they say: shared by the tests of fragments."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rules.context import Value
from rules.errors import FragmentError
from rules.fragment_compiler import FragmentCompiler
from rules.fragments import Fragment
from rules.signals import is_signal, suggest
from tests.rules.reading import context


def compiler(templates: Mapping[str, str] | None = None, *link_hosts: str) -> FragmentCompiler:
    return FragmentCompiler(templates or {}, is_signal=is_signal, suggest=suggest, link_hosts=link_hosts)


def text(source: str) -> Fragment:
    return compiler().text(source)


def html(source: str) -> Fragment:
    return compiler().html(source)


def said(fragment: Fragment, **visitor: Value) -> str:
    """What a fragment says to a visitor; `plan` stands for `visitor.plan`."""
    rendering = fragment.render(context({f"visitor.{name}": value for name, value in visitor.items()}))
    values = (*rendering.values, "")
    return "".join(part + value for part, value in zip(rendering.shape, values, strict=True))


def refusal(source: str, templates: Mapping[str, str] | None = None) -> str:
    """Why a piece of markup can't be used."""
    with pytest.raises(FragmentError) as refused:
        compiler(templates).html(source)
    return refused.value.message
