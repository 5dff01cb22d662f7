from __future__ import annotations

import pytest

from examples.stage import ROOT
from proxy.company.organization import (
    DECLARED,
    MAX_NAME_LENGTH,
    Kind,
    Organization,
    alias_of,
    is_provider,
    judge,
    read_patterns,
)

NETWORKS = ROOT / "proxy" / "company" / "lists" / "networks.txt"
GOLDEN = [
    line.split("\t")
    for line in (ROOT / "tests/golden/organizations.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("written", "kind", "name", "alias"), GOLDEN, ids=[row[0] for row in GOLDEN])
def test_a_networks_name_tells_who_runs_it(written: str, kind: str, name: str, alias: str) -> None:
    assert judge(written) == Organization(Kind(kind), name, alias)


def test_nobody_is_welcomed_as_the_customer_of_a_provider() -> None:
    assert len(GOLDEN) > 200
    for written, kind, *_ in GOLDEN:
        if kind not in (Kind.COMPANY, Kind.UNCLEAR):
            assert judge(written).name == judge(written, "business").name == "", written


@pytest.mark.parametrize(
    ("name", "declared", "kind"),
    [
        ("Siemens AG", "business", Kind.COMPANY),
        ("Siemens AG", "COM", Kind.COMPANY),
        ("Siemens AG", "", Kind.UNCLEAR),
        ("Siemens AG", "something new", Kind.UNCLEAR),
        ("Siemens AG", "isp", Kind.ACCESS),
        ("Nordea Bank Abp", "hosting", Kind.HOSTING),
        ("Nordea Bank Abp", "ISP/MOB", Kind.MOBILE),
        ("Comcast", "business", Kind.ACCESS),
    ],
)
def test_the_databases_own_word_counts_but_never_makes_a_provider_a_company(
    name: str, declared: str, kind: Kind
) -> None:
    assert judge(name, declared).kind is kind


@pytest.mark.parametrize("name", ["", " ", "x" * (MAX_NAME_LENGTH + 1), "Nordea\x00Bank"])
def test_what_is_no_name_is_unclear(name: str) -> None:
    assert judge(name) == Organization(Kind.UNCLEAR)


@pytest.mark.parametrize(
    ("name", "better", "alias"),
    [
        ("NORDEA BANK ABP", "Nordea Bank ABP", "Nordea Bank"),
        ("AS64496 Nordea Bank Abp", "Nordea Bank Abp", "Nordea Bank"),
        ("NORDEA-BANK-AS - Nordea Bank Abp, FI", "Nordea Bank Abp", "Nordea Bank"),
        ("Orkla Foods Norge AS", "Orkla Foods Norge AS", "Orkla Foods Norge"),
        ("DNB_BANK-AS12", "DNB Bank", "DNB Bank"),
    ],
)
def test_a_name_is_written_for_readers(name: str, better: str, alias: str) -> None:
    assert judge(name) == Organization(Kind.COMPANY, better, alias)


@pytest.mark.parametrize(
    ("name", "alias"),
    [
        ("Nordea Bank Abp", "Nordea Bank"),
        ("Ford Motor Company, Inc.", "Ford Motor"),
        ("Beispiel GmbH & Co. KG", "Beispiel"),
        ("Esempio S.p.A.", "Esempio"),
        ("Przykład Sp. z o.o.", "Przykład"),
        ("Eksempel A/S", "Eksempel"),
        ("AG", "AG"),
        ("Group", "Group"),
        ("Ikea", "Ikea"),
    ],
)
def test_an_alias_is_the_name_without_its_legal_form(name: str, alias: str) -> None:
    assert alias_of(name) == alias


def test_a_pattern_is_whole_words_unless_it_says_otherwise() -> None:
    assert is_provider("Net Ltd")
    assert not is_provider("Nettles Ltd")
    assert is_provider("Spark Broadbandia Ltd")


def test_every_group_of_the_shipped_list_has_a_note_and_patterns() -> None:
    text = NETWORKS.read_text(encoding="utf-8")
    groups = read_patterns(text.splitlines())
    assert list(groups) == [kind for kind in Kind if kind is not Kind.UNCLEAR]
    for kind, patterns in groups.items():
        assert f"[{kind}]\n# " in text
        assert len(patterns) > 20
        assert all(pattern.strip("*").strip() for pattern in patterns)


def test_a_word_of_a_database_means_one_thing() -> None:
    words = [word for kind in DECLARED.values() for word in kind]
    assert len(set(words)) == len(words)
