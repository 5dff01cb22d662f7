import os
from pathlib import Path

import pytest

from proxy.rule_files import load_checked, read_folder
from rules.errors import RuleError
from rules.load import RuleFolder, load_rulebook
from tests.rules.reading import write

EXPERIENCE = "{pages: /, change: {select: h1, text: Hi}}"


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(RuleError) as caught:
        load_rulebook(read_folder(folder))
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_files_that_are_links_are_read(tmp_path: Path) -> None:
    write(tmp_path, {"..versions/home.yaml": f"experiences: {{a: {EXPERIENCE}}}"})
    (tmp_path / "home.yaml").symlink_to(tmp_path / "..versions" / "home.yaml")
    assert len(load_rulebook(read_folder(tmp_path)).experiences) == 1


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="rules:1:1: there is nothing here"):
        load_rulebook(read_folder(tmp_path / "rules"))


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "rules").write_text("", encoding="utf-8")
    with pytest.raises(RuleError, match="this is a file, not a folder"):
        load_rulebook(read_folder(tmp_path / "rules"))


def test_a_folder_without_rule_files_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RuleError, match="no rule files here"):
        load_rulebook(read_folder(tmp_path))


def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").mkdir()
    (tmp_path / "c.yaml").symlink_to("nowhere")
    assert problems_of(tmp_path) == [
        "a.yaml:1:1: this is not a file (take it out, or give it another name)",
        "b.yaml:1:1: this is not a file (take it out, or give it another name)",
        "c.yaml:1:1: there is nothing here (is the path right?)",
    ]


def test_too_many_files_are_told(tmp_path: Path) -> None:
    for number in range(1_001):
        (tmp_path / f"{number}.yaml").touch()
    (problem,) = problems_of(tmp_path)
    assert problem.endswith("more than 1,000 rule files (merge some of them)")


def test_a_selector_that_the_page_engine_does_not_know_is_a_problem(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.yaml": "experiences:\n  a: {pages: /, change: [{select: 'h1:nope', text: Hi}]}\n"})
    with pytest.raises(RuleError, match=r"a\.yaml:2:.*h1:nope"):
        load_checked(read_folder(folder))


def test_the_digest_tells_contents_apart_and_bears_any_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", {"a.yaml": f"experiences: {{a: {EXPERIENCE}}}"})
    seen = [read_folder(folder).digest]
    (folder / "a.yaml").rename(folder / "b.yml")
    seen.append(read_folder(folder).digest)
    write(folder, {"templates/a.html": "<p>"})
    seen.append(read_folder(folder).digest)
    (folder / "link.yaml").symlink_to("nowhere")
    seen += [read_folder(folder).digest, read_folder(tmp_path / "nowhere").digest, RuleFolder("").digest]
    assert len(set(seen)) == len(seen)
    assert read_folder(folder).digest == seen[3]
