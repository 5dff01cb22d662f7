from __future__ import annotations

from pathlib import Path

import pytest

from proxy.company import table
from proxy.company.table import read_table
from rules.errors import MistakeError


def written(folder: Path, content: str | bytes, name: str = "accounts.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(path: Path) -> list[tuple[int, list[table.Cell]]]:
    return [(line, list(cells)) for line, cells in read_table(path).rows]


def mistake(path: Path) -> MistakeError:
    with pytest.raises(MistakeError) as raised:
        list(read_table(path).rows)
    return raised.value


@pytest.mark.parametrize(
    "content",
    [
        "name,domains\nNordea,nordea.example\n",
        "name;domains\r\nNordea;nordea.example\r\n",
        "\ufeffname\tdomains\nNordea\tnordea.example",
        "sep=;\r\nname;domains\r\nNordea;nordea.example\r\n",
        '"name","domains"\n"Nordea","nordea.example"\n',
        "name|domains|\rNordea|nordea.example|\r",
        '"name;of it",domains\nNordea,nordea.example\n',
    ],
)
def test_a_file_is_read_as_spreadsheets_write_it(tmp_path: Path, content: str) -> None:
    (row,) = rows(written(tmp_path, content))
    assert row[1] == ["Nordea", "nordea.example"]


def test_a_row_is_known_by_the_line_it_begins_on(tmp_path: Path) -> None:
    content = 'name,domains\n\n"Nordea\nBank",a.example\n,,\nDNB,"b.example\nc.example"\nEnd,\n'
    assert rows(written(tmp_path, content)) == [
        (3, ["Nordea\nBank", "a.example"]),
        (6, ["DNB", "b.example\nc.example"]),
        (8, ["End", ""]),
    ]


def test_a_row_may_end_early(tmp_path: Path) -> None:
    assert rows(written(tmp_path, "name,domains,tier\nNordea\n")) == [(2, ["Nordea", "", ""])]


@pytest.mark.parametrize(
    ("content", "line", "message", "hint"),
    [
        (b"", 1, "nothing in the file", "column names"),
        (b"\n\n", 1, "nothing in the file", "column names"),
        ("name\nx\n".encode("utf-16"), 1, "UTF-16", "CSV UTF-8"),
        (b"name\nNordea\nB\xf8rsen\n", 3, "not UTF-8 (byte 0xF8)", "CSV UTF-8"),
        (b"name,domains\nNordea,a.example,b.example\n", 2, "3 cells, and 2 columns", "in quotes"),
        (b'name,domains\nA,b\n"Nordea" Bank,a.example\n', 3, "no CSV from here on", "twice"),
        (b'name,domains\nA,b\n"Nordea,a.example\n', 3, "no CSV from here on", "twice"),
        (b",".join([b"c"] * 101), 1, "more than 100 columns", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, content: bytes, line: int, message: str, hint: str
) -> None:
    found = mistake(written(tmp_path, content))
    assert found.position is not None
    assert found.position.line == line
    assert message in found.message
    assert hint in found.hint


def test_rows_and_bytes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_ROWS", 2)
    path = written(tmp_path, "name\na\nb\nc\n")
    assert "more than 2 accounts" in mistake(path).message
    monkeypatch.setattr(table, "MAX_FILE_BYTES", 5)
    assert "larger than 5 bytes" in mistake(path).message


@pytest.mark.parametrize("heading", ["", "accounts:\n"])
def test_yaml_has_lists_in_its_cells(tmp_path: Path, heading: str) -> None:
    content = f"{heading}- name: Nordea\n  domains: [a.example, b.example]\n\n- {{name: DNB, tier: 1, owner: }}\n"
    path = written(tmp_path, content, "accounts.yaml")
    assert read_table(path).columns == ("name", "domains", "tier", "owner")
    first = 2 if heading else 1
    assert rows(path) == [
        (first, ["Nordea", ("a.example", "b.example"), "", ""]),
        (first + 3, ["DNB", "", "1", ""]),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name: Nordea\n", "no list of accounts"),
        ("- Nordea\n", "`column: value` lines"),
        ("- name: {a: b}\n", "a text or a list of texts"),
        ("- name: a\n  name: b\n", "written twice"),
        ("", "no list of accounts"),
    ],
)
def test_yaml_that_is_no_list_of_accounts_is_told(tmp_path: Path, content: str, message: str) -> None:
    assert message in mistake(written(tmp_path, content, "accounts.yml")).message
