from __future__ import annotations

import pytest

from rules.errors import MistakeError
from rules.nodes import Entries, Scalar, Sequence, Source, written
from rules.source import MAX_FILE_BYTES, decode, parse
from tests.rules.reading import node


def fault(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(MistakeError) as caught:
        parse(decode("a.yaml", raw))
    mistake = caught.value
    assert mistake.position is not None
    hint = f" ({mistake.hint})" if mistake.hint else ""
    return f"{mistake.position.line}:{mistake.position.column} {mistake.message}{hint}"


@pytest.mark.parametrize(
    "text", ["NO", "on", "yes", "18:00", "1.10", "0150", "2026-12-01", "0x1F", "1_000", "=", ".inf"]
)
def test_a_scalar_keeps_its_written_text(text: str) -> None:
    value = node(f"a: {text}")
    assert isinstance(value, Entries)
    assert value.get("a") == Scalar(text, value.pairs[0][1].position)


def test_every_node_knows_where_it_was_written() -> None:
    root = node("a:\n  - b: c\n    d: [e]\n")
    assert isinstance(root, Entries)
    items = root.get("a")
    assert isinstance(items, Sequence)
    entry = items.items[0]
    assert isinstance(entry, Entries)
    value = entry.get("d")
    assert isinstance(value, Sequence)
    assert [str(each.position) for each in (items, entry, value.items[0])] == ["a.yaml:2:3", "a.yaml:2:5", "a.yaml:3:9"]


def test_nothing_is_null_and_quoted_words_are_not() -> None:
    root = node("{a: , b: null, c: ~, d: '', e: 'null', f: \"~\"}")
    assert isinstance(root, Entries)
    assert [isinstance(value, Scalar) and value.is_null for _, value in root.pairs] == [True] * 3 + [False] * 3


def test_a_file_of_comments_alone_holds_nothing() -> None:
    assert parse(Source.of("a.yaml", "# nothing yet\n")) is None
    assert parse(Source.of("a.yaml", "")) is None


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    root = parse(decode("a.yaml", b"\xef\xbb\xbfa:\r\n  b: c\r\n"))
    assert isinstance(root, Entries)
    assert written(root) == "{a: {b: c}}"
    assert str(root.pairs[0][0].position) == "a.yaml:1:1"


def test_aliases_stand_for_what_they_name() -> None:
    assert written(node("a: &x [1, 2]\nb: *x\n")) == "{a: [1, 2], b: [1, 2]}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select: #hero h1\n", "1:9 `#hero h1` is a comment to YAML"),
        ("select: nav #search\n", "1:13 `#search` is a comment to YAML"),
        ("- #hero\n", "1:3 `#hero` is a comment to YAML"),
        ("text: {{ x }}\n", "1:8 `{{ … }}` is not in quotes (put it in quotes"),
        ("text: {{ x }} hello\n", "1:8 `{{ … }}` is not in quotes (put it in quotes"),
        ("a: {select: a, b}\n", "1:16 `b` has no value (if it belongs to the text before the comma, put it in quotes)"),
        ("pages: **/x\n", "1:8 a value that begins with `*` is not in quotes (put it in quotes)"),
        ("pages: [**/x, /y]\n", "1:9 a value that begins with `*` is not in quotes"),
        ("brand: @data-brand\n", "1:8 a value that begins with `@` is not in quotes"),
        ("items: > li\n", "1:8 a value that begins with `>` is not in quotes"),
        ("a: `x`\n", "1:4 a value that begins with ``` is not in quotes"),
        ("a: %x\n", "1:4 a value that begins with `%` is not in quotes"),
        ("a: !important\n", "1:4 tags (a word that begins with `!`) are not allowed (if it is text, put it in quotes)"),
        ("a: *x\n", "1:4 `*x` names nothing that was marked with `&x` above (if it is text, put it in quotes)"),
        ("who: geo.country: NO\n", "1:17 a second `: ` on one line (write the condition on the next line, indented)"),
        ("a: Hello: there\n", "1:9 a second `: ` on one line (if it belongs to the text, put it in quotes)"),
        ('a: "hi" there\n', "1:4 a value goes on after its closing quote"),
        ("a: [new] shoes\n", "1:4 a value goes on after its `]` (put it in quotes)"),
    ],
)
def test_a_trap_of_yaml_is_told_with_its_way_out(text: str, expected: str) -> None:
    assert fault(text).startswith(expected)


def test_a_comment_after_a_value_is_a_comment() -> None:
    assert written(node("a: b # c\nd: 'e' #f\n# g\n")) == "{a: b, d: e}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\tb: c\n", "2:1 a tab where YAML wants spaces (indent with spaces)"),
        ("a: b\n   c: d\n", "2:5 this line is indented further than the one above allows (line it up"),
        ('a: "b\n', "1:4 a quote that opens here is never closed"),
        ("a: [b\nc: d\n", "1:4 a bracket that opens here is not closed where it should be"),
        ("a: b\nc: {d: [\n", "2:8 a bracket that opens here is not closed where it should be"),
        ("a: [b, , c]\n", "1:8 something is missing before this `,`"),
        ("a: {b: [}\n", "1:9 something is missing before this `}`"),
        ("a: b\na: c\n", "2:1 `a` is written twice; first on line 1"),
        ("a: {b: c, b: d}\n", "1:11 `b` is written twice; first on line 1"),
        ("a: !!python/object/apply:os.system [id]\n", "1:4 tags"),
        ("a: b\n---\nc: d\n", "2:1 a second document begins here"),
        ("a: b\nc: \x07\n", "2:4 a control character (U+0007) is not allowed"),
        ("æ: blå\n€: \x07\n", "2:4 a control character (U+0007) is not allowed"),
        ("À\x00", "1:2 a control character (U+0000) is not allowed"),
        ("? [a]\n: b\n", "1:3 a key must be a word"),
        ("a: &x [*x]\n", "1:8 `*x` names nothing"),
    ],
)
def test_a_fault_of_syntax_has_its_place(text: str, expected: str) -> None:
    assert fault(text).startswith(expected)


def test_a_file_in_latin_1_is_told_the_byte() -> None:
    assert fault("a: b\nc: caf\xe9\n".encode("latin-1")) == "2:7 the file is not UTF-8 (byte 0xE9) (save it as UTF-8)"


def test_a_file_over_the_bound_is_refused() -> None:
    assert (
        fault(b"#" * (MAX_FILE_BYTES + 1)) == "1:1 the file is larger than 1,000,000 bytes (make several files of it)"
    )


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? - "])
def test_deep_nesting_is_refused_before_it_is_built(opening: str) -> None:
    assert fault(opening * 40_000).split(" ", 1)[1] in {
        "nested more than 64 deep (is a bracket never closed, or an alias in a circle?)",
        "a key must be a word (such as text: Hello)",
    }


def test_64_levels_are_allowed() -> None:
    assert written(node("[" * 63 + "a" + "]" * 63)).count("[") == 63
    assert "nested more than 64 deep (is a bracket never closed, or an alias in a circle?)" in fault(
        "[" * 64 + "a" + "]" * 64
    )


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "the file comes to more than 100,000 values" in fault("\n".join(lines))


def test_aliases_that_deepen_are_refused() -> None:
    lines = ["a0: &a0 [[[[[[[[[[x]]]]]]]]]]"]
    lines += [f"a{n}: &a{n} [[[[[[[[[[*a{n - 1}]]]]]]]]]]" for n in range(1, 9)]
    assert "nested more than 64 deep (is a bracket never closed, or an alias in a circle?)" in fault("\n".join(lines))


@pytest.mark.parametrize(
    ("one", "other"),
    [("[a, b]", "['a, b']"), ("{a: null}", "{a: 'null'}"), ("[a]", "a"), ('["a\\nb"]', "['a\\nb']")],
)
def test_what_differs_is_written_differently(one: str, other: str) -> None:
    assert written(node(one)) != written(node(other))


def test_layout_and_comments_do_not_change_what_is_written() -> None:
    assert written(node("a: [b, 'c d']\n")) == written(node('a:   # why\n  - b\n  - "c d"\n')) == "{a: [b, c d]}"
