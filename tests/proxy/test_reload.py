import asyncio
import logging
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from proxy.reload import RuleKeeper
from rules.errors import RuleError
from rules.load import RuleFolder, load_rulebook
from rules.model import RuleBook

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
PATIENCE_SECONDS = 20.0


def write(folder: Path, *ids: str, file: str = "book.yaml") -> None:
    folder.mkdir(exist_ok=True)
    experiences = "".join(f"  {id_}: {{pages: /, change: [{{select: h1, text: Hi}}]}}\n" for id_ in ids)
    (folder / file).write_text("experiences:\n" + experiences, encoding="utf-8")


def shown(keeper: RuleKeeper) -> list[str]:
    return [experience.id for experience in keeper.book.live]


def keep(folder: Path, load: Callable[[RuleFolder], RuleBook] = load_rulebook) -> RuleKeeper:
    return RuleKeeper.open(folder, load, lambda: NOON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "rules", "first")
    return tmp_path / "rules"


def test_the_first_load_must_succeed(tmp_path: Path) -> None:
    with pytest.raises(RuleError):
        keep(tmp_path / "nowhere")


def test_a_worker_that_finds_a_broken_folder_starts_without_experiences(folder: Path) -> None:
    (folder / "book.yaml").write_text("experiences: [")
    keeper = RuleKeeper.open_or_start_empty(folder, load_rulebook, lambda: NOON)
    assert shown(keeper) == []
    assert keeper.failure is not None
    write(folder, "mended")
    asyncio.run(keeper.refresh())
    assert shown(keeper) == ["mended"]
    assert keeper.failure is None


def test_a_worker_that_finds_a_good_folder_starts_with_it(folder: Path) -> None:
    keeper = RuleKeeper.open_or_start_empty(folder, load_rulebook, lambda: NOON)
    assert shown(keeper) == ["first"]
    assert keeper.failure is None


def test_an_edit_goes_live_and_subscribers_are_told(folder: Path) -> None:
    keeper = keep(folder)
    told: list[RuleBook] = []
    keeper.subscribe(told.append)
    write(folder, "second")
    asyncio.run(keeper.refresh())
    assert shown(keeper) == ["second"]
    assert told == [keeper.book]


def test_an_edit_of_a_template_goes_live(folder: Path) -> None:
    (folder / "templates").mkdir()
    (folder / "templates" / "hero.html").write_text("<p>One</p>")
    (folder / "book.yaml").write_text("experiences:\n  hero: {pages: /, change: [{select: h1, template: hero.html}]}\n")
    keeper = keep(folder)
    before = keeper.book.experiences[0].variants[0].digest
    (folder / "templates" / "hero.html").write_text("<p>Two</p>")
    asyncio.run(keeper.refresh())
    assert keeper.book.experiences[0].variants[0].digest != before


def test_what_did_not_change_is_not_loaded_again(folder: Path) -> None:
    keeper = keep(folder)
    book = keeper.book
    write(folder, "first")
    (folder / "notes.txt").write_text("no rule")
    asyncio.run(keeper.refresh())
    assert keeper.book is book


def test_a_broken_folder_never_replaces_the_running_book(folder: Path) -> None:
    keeper = keep(folder)
    (folder / "book.yaml").write_text("experiences:\n  first: {pages: /, whoo: x}\n")
    asyncio.run(keeper.refresh())
    assert shown(keeper) == ["first"]
    assert keeper.failure is not None
    assert keeper.failure.at == NOON
    assert "book.yaml:2:" in keeper.failure.problems[0]


def test_loads_are_counted_by_what_came_of_them(folder: Path) -> None:
    keeper = keep(folder)
    assert keeper.loads == {"live": 0, "failed": 0}
    (folder / "book.yaml").write_text("experiences:\n  first: {pages: /, whoo: x}\n")
    asyncio.run(keeper.refresh())
    write(folder, "second")
    asyncio.run(keeper.refresh())
    assert keeper.loads == {"live": 1, "failed": 1}


def test_an_error_is_logged_once_for_each_content(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    keeper = keep(folder)
    with caplog.at_level(logging.ERROR):
        for content in ("experiences: [", "experiences: [", "experiences: {"):
            (folder / "book.yaml").write_text(content)
            asyncio.run(keeper.refresh())
    assert len(caplog.records) == 2


def test_the_error_is_gone_once_the_folder_is_as_it_was(folder: Path) -> None:
    keeper = keep(folder)
    (folder / "book.yaml").write_text("experiences: [")
    asyncio.run(keeper.refresh())
    write(folder, "first")
    asyncio.run(keeper.refresh())
    assert keeper.failure is None


def test_a_folder_that_vanishes_leaves_the_book_and_is_found_again(folder: Path) -> None:
    keeper = keep(folder)
    folder.rename(folder.with_name("away"))
    asyncio.run(keeper.refresh())
    assert shown(keeper) == ["first"]
    assert keeper.failure is not None
    folder.with_name("away").rename(folder)
    asyncio.run(keeper.refresh())
    assert keeper.failure is None


def test_a_fault_of_the_loader_does_not_end_the_watch(folder: Path) -> None:
    loads = 0

    def load_with_a_fault(files: RuleFolder) -> RuleBook:
        nonlocal loads
        loads += 1
        if loads == 2:
            raise ZeroDivisionError
        return load_rulebook(files)

    keeper = keep(folder, load_with_a_fault)
    write(folder, "second")
    asyncio.run(keeper.refresh())
    assert shown(keeper) == ["first"]
    assert keeper.failure is not None
    write(folder, "third")
    asyncio.run(keeper.refresh())
    assert shown(keeper) == ["third"]


def watch_edits(keeper: RuleKeeper, *edits: tuple[Callable[[], None], list[str]]) -> None:
    """Make each edit once the one before it is live, which is when these experiences are."""

    async def run() -> None:
        stop, swapped = asyncio.Event(), asyncio.Event()
        keeper.subscribe(lambda _: swapped.set())
        watching = asyncio.create_task(keeper.watch(stop, settle_seconds=0.01, look_seconds=0.2))
        for edit, expected in edits:
            await asyncio.to_thread(edit)
            # A write that is seen half done may go live before the whole.
            while shown(keeper) != expected:
                await asyncio.wait_for(swapped.wait(), PATIENCE_SECONDS)
                swapped.clear()
        stop.set()
        await asyncio.wait_for(watching, PATIENCE_SECONDS)

    asyncio.run(run())


def test_the_folder_is_watched_through_all_ways_of_writing(folder: Path, tmp_path: Path) -> None:
    def write_in_place() -> None:
        write(folder, "in-place")

    def write_by_rename() -> None:
        write(tmp_path / "other", "renamed")
        (tmp_path / "other" / "book.yaml").replace(folder / "book.yaml")

    def break_and_mend() -> None:
        (folder / "book.yaml").write_text("experiences: [")
        write(folder, "mended")

    def add_a_file() -> None:
        write(folder, "added", file="more.yaml")

    def replace_the_folder() -> None:
        write(tmp_path / "next", "replaced")
        folder.rename(tmp_path / "old")
        (tmp_path / "next").rename(folder)

    def edit_the_new_folder() -> None:
        write(folder, "edited")

    def remove_and_write_anew() -> None:
        shutil.rmtree(folder)
        write(folder, "anew")

    watch_edits(
        keep(folder),
        (write_in_place, ["in-place"]),
        (write_by_rename, ["renamed"]),
        (break_and_mend, ["mended"]),
        (add_a_file, ["mended", "added"]),
        (replace_the_folder, ["replaced"]),
        (edit_the_new_folder, ["edited"]),
        (remove_and_write_anew, ["anew"]),
    )


def test_a_folder_behind_a_switched_link_is_followed(tmp_path: Path) -> None:
    write(tmp_path / "one", "one")
    write(tmp_path / "two", "two")
    link = tmp_path / "current"
    link.symlink_to(tmp_path / "one")

    def switch() -> None:
        (tmp_path / "new").symlink_to(tmp_path / "two")
        (tmp_path / "new").replace(link)

    watch_edits(keep(link), (switch, ["two"]), (lambda: write(tmp_path / "two", "three"), ["three"]))
