from collections import Counter
from pathlib import Path

import pytest

from proxy.visitor.observe import parse_query
from proxy.visitor.referrers import Medium
from proxy.visitor.source import MAX_REFERRER_LENGTH, Source, SourceReader

GOLDEN = Path(__file__).parents[2] / "golden" / "sources.tsv"
READER = SourceReader()
OWN = ("shop.example",)


def cases() -> list[tuple[str, ...]]:
    """Medium, name, campaign, referrer and query."""
    return [tuple(line.split("\t")) for line in GOLDEN.read_text(encoding="utf-8").splitlines()[1:]]


CASES = cases()


def read(query: str = "", referer: str = "") -> dict[str, str]:
    return READER.read(parse_query(query.encode()), referer, OWN).signals()


@pytest.mark.parametrize(("medium", "name", "campaign", "referer", "query"), CASES)
def test_referrer_and_parameters_tell_medium_name_and_campaign(
    medium: str, name: str, campaign: str, referer: str, query: str
) -> None:
    source = READER.read(parse_query(query.encode()), referer, OWN)
    assert (source.medium, source.name, source.campaign) == (medium, name, campaign)


def test_the_table_holds_cases_of_every_medium() -> None:
    assert len(CASES) >= 150
    assert set(Counter(medium for medium, *_ in CASES)) == set(Medium)


@pytest.mark.parametrize(
    "referer",
    [
        "",
        "https://shop.example/",
        "https://www.shop.example/a",
        "http://shop.example:8080/",
        "https://SHOP.EXAMPLE./",
        "about:blank",
        "not a url",
        "https://",
        "https://[::1/",
        "javascript://x.com/",
        "https://a b/",
        "https://\x00/",
    ],
)
def test_no_referrer_or_the_site_itself_or_garbage_is_direct(referer: str) -> None:
    assert read(referer=referer) == {"source.medium": "direct"}


def test_what_the_link_says_wins_over_the_referrer() -> None:
    found = read("utm_source=newsletter&utm_medium=email", "https://www.google.com/")
    assert found == {"source.medium": "email", "source.name": "newsletter", "source.referrer": "google.com"}


def test_a_click_id_wins_over_the_referrer() -> None:
    assert read("gclid=x", "https://news.example/")["source.medium"] == "paid"


def test_a_medium_alone_leaves_the_name_to_the_referrer() -> None:
    found = read("utm_medium=cpc", "https://www.google.com/")
    assert (found["source.medium"], found["source.name"]) == ("paid", "google")


def test_campaign_term_and_content_stay_as_written() -> None:
    found = read("utm_campaign=Spring%20Sale&utm_term=red+shoes&utm_content=Top&utm_source=x")
    assert found["source.campaign"] == "Spring Sale"
    assert found["source.term"] == "red shoes"
    assert found["source.content"] == "Top"


def test_a_campaign_without_a_source_was_placed_somewhere() -> None:
    assert read("utm_campaign=spring") == {"source.medium": "referral", "source.campaign": "spring"}


def test_a_campaign_on_a_link_within_the_site_counts() -> None:
    assert read("utm_campaign=spring", "https://shop.example/")["source.campaign"] == "spring"


@pytest.mark.parametrize("value", ["", "%20", "a%00b", "a%0Ab", "x" * 201])
def test_a_parameter_that_is_no_short_line_is_not_there(value: str) -> None:
    assert read(f"utm_source={value}&utm_campaign={value}") == {"source.medium": "direct"}


def test_a_source_is_one_value_that_can_be_kept_and_compared() -> None:
    query = parse_query(b"utm_source=google&utm_medium=cpc&utm_campaign=a&utm_term=b&utm_content=c")
    source = READER.read(query, "https://news.example/", OWN)
    assert source == Source(Medium.PAID, "google", "a", "b", "c", "news.example")
    assert hash(source) == hash(Source(Medium.PAID, "google", "a", "b", "c", "news.example"))


def test_a_source_of_which_nothing_is_known_is_direct() -> None:
    assert Source().signals() == {"source.medium": "direct"}


def test_a_referrer_of_any_length_is_read_up_to_a_bound() -> None:
    assert read(referer="https://www.google.com/" + "x" * 100_000)["source.name"] == "google"
    assert read(referer="https://" + "x" * MAX_REFERRER_LENGTH + "@www.google.com/") == {"source.medium": "direct"}
