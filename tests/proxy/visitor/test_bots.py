"""Bots and browsers; the table of real user agents is read in `test_device`."""

import re

import pytest
from crawlerdetect import CrawlerDetect
from crawlerdetect.providers.crawlers import data as crawler_patterns

from proxy.visitor.bots import MAX_AGENT_LENGTH, MORE_BOTS, BotReader
from tests.proxy.visitor.test_device import CASES

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)


@pytest.fixture(scope="module")
def bots() -> BotReader:
    return BotReader()


def test_a_browser_is_no_bot(bots: BotReader) -> None:
    assert not bots.is_bot(CHROME)


@pytest.mark.parametrize("agent", ["", " ", "Mozilla", "my-script", "python", "Chrome/130.0.0.0", "é"])
def test_what_does_not_open_as_a_browser_is_a_bot(bots: BotReader, agent: str) -> None:
    assert bots.is_bot(agent)


@pytest.mark.parametrize(
    "signature",
    [
        "(compatible; NewThing/1.0)",
        "(+https://thing.example/about)",
        "(http://thing.example)",
        "crawl@thing.example",
        "(compatible)",
    ],
)
def test_a_browser_that_says_whom_to_write_to_is_a_bot(bots: BotReader, signature: str) -> None:
    assert bots.is_bot(f"{CHROME} {signature}")


@pytest.mark.parametrize("pattern", MORE_BOTS)
def test_a_bot_of_the_own_list_is_one_that_crawlerdetect_misses(bots: BotReader, pattern: str) -> None:
    agent = f"{CHROME} ({pattern.replace(chr(92), '')}"
    assert bots.is_bot(agent)
    assert not CrawlerDetect(user_agent=agent).is_crawler()


def test_no_bot_that_crawlerdetect_knows_is_missed(bots: BotReader) -> None:
    theirs = CrawlerDetect(user_agent="-")
    assert [agent for *_, agent in CASES if theirs.is_crawler(agent) and not bots.is_bot(agent)] == []


def test_a_person_who_searches_with_yandex_is_no_bot(bots: BotReader) -> None:
    assert not bots.is_bot(f"{CHROME} YandexSearch/7.20")
    assert bots.is_bot(f"{CHROME} YandexSearchBot/7.20")
    assert bots.is_bot(f"{CHROME} YandexNews/4.0")


def test_of_crawlerdetects_patterns_one_alone_looks_ahead() -> None:
    """RE2 can't: a version that brings another one needs its counterpart among what is taken out."""
    assert [pattern for pattern in crawler_patterns if re.search(r"\(\?[!=<]", pattern)] == ["Yandex(?!Search)"]


@pytest.mark.parametrize("agent", [CHROME, f"{CHROME} Googlebot/2.1"])
def test_an_answer_is_the_same_from_memory(bots: BotReader, agent: str) -> None:
    assert bots.is_bot(agent) == bots.is_bot(agent)


def test_memory_is_bounded_and_what_it_forgot_is_told_again() -> None:
    bots = BotReader(remembered=2)
    told = [bots.is_bot(agent) for *_, agent in CASES]
    assert [bots.is_bot(agent) for *_, agent in CASES] == told


def test_a_user_agent_of_any_length_is_read_up_to_a_bound(bots: BotReader) -> None:
    assert not bots.is_bot(CHROME.ljust(MAX_AGENT_LENGTH, "x") + "Googlebot")
    assert not bots.is_bot(CHROME + "x" * 1_000_000)


@pytest.mark.parametrize(
    "unit", ["a", "-", "bo", "x-", " ", "a@", "a@bb", "http:", "like ", "CPU OS ", "compatible;", "\ud800"]
)
def test_no_text_takes_long_to_read(unit: str) -> None:
    bots = BotReader()
    for number in range(200):
        bots.is_bot(f"Mozilla/{number}" + unit * MAX_AGENT_LENGTH)
