import pytest

from proxy.visitor.observe import parse_query
from proxy.visitor.source import SourceReader

READER = SourceReader()
OWN = ("shop.example",)


def read(query: str = "", referer: str = "") -> dict[str, str]:
    return READER.read(parse_query(query.encode()), referer, OWN)


@pytest.mark.parametrize(
    ("referer", "medium", "name"),
    [
        ("https://www.google.com/", "search", "google"),
        ("https://www.google.no/", "search", "google"),
        ("https://google.co.uk/search?q=x", "search", "google"),
        ("https://www.google.com.br/", "search", "google"),
        ("android-app://com.google.android.googlequicksearchbox/", "search", "google"),
        ("https://www.bing.com/", "search", "bing"),
        ("https://duckduckgo.com/", "search", "duckduckgo"),
        ("https://search.yahoo.com/", "search", "yahoo"),
        ("https://de.search.yahoo.com/", "search", "yahoo"),
        ("https://yandex.com.tr/", "search", "yandex"),
        ("https://www.ecosia.org/", "search", "ecosia"),
        ("https://search.brave.com/", "search", "brave"),
        ("https://www.baidu.com/link?url=x", "search", "baidu"),
        ("https://l.facebook.com/", "social", "facebook"),
        ("https://m.facebook.com/", "social", "facebook"),
        ("https://l.instagram.com/", "social", "instagram"),
        ("https://www.linkedin.com/feed", "social", "linkedin"),
        ("https://lnkd.in/", "social", "linkedin"),
        ("android-app://com.linkedin.android/", "social", "linkedin"),
        ("https://t.co/abc", "social", "x"),
        ("https://x.com/", "social", "x"),
        ("https://www.tiktok.com/", "social", "tiktok"),
        ("https://www.reddit.com/r/x", "social", "reddit"),
        ("https://out.reddit.com/", "social", "reddit"),
        ("https://bsky.app/", "social", "bluesky"),
        ("https://www.threads.net/", "social", "threads"),
        ("https://www.youtube.com/", "social", "youtube"),
        ("https://no.pinterest.com/", "social", "pinterest"),
        ("https://www.pinterest.de/", "social", "pinterest"),
        ("https://mail.google.com/", "email", "gmail"),
        ("android-app://com.google.android.gm/", "email", "gmail"),
        ("https://outlook.live.com/", "email", "outlook"),
        ("https://mail.yahoo.com/", "email", "yahoo-mail"),
        ("https://chatgpt.com/", "chatbot", "chatgpt"),
        ("https://chat.openai.com/", "chatbot", "chatgpt"),
        ("https://www.perplexity.ai/", "chatbot", "perplexity"),
        ("https://claude.ai/", "chatbot", "claude"),
        ("https://gemini.google.com/", "chatbot", "gemini"),
        ("https://copilot.microsoft.com/", "chatbot", "copilot"),
        ("https://you.com/", "chatbot", "you.com"),
        ("https://docs.google.com/", "referral", "docs.google.com"),
        ("https://www.news.example:8443/a", "referral", "news.example"),
        ("https://google.evil.example/", "referral", "google.evil.example"),
        ("https://notgoogle.com/", "referral", "notgoogle.com"),
        ("https://xn--bcher-kva.example/", "referral", "xn--bcher-kva.example"),
    ],
)
def test_a_referrer_tells_medium_and_name(referer: str, medium: str, name: str) -> None:
    found = read(referer=referer)
    assert (found["source.medium"], found["source.name"]) == (medium, name)


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


@pytest.mark.parametrize(
    ("query", "medium", "name"),
    [
        ("utm_source=google&utm_medium=cpc", "paid", "google"),
        ("utm_source=google&utm_medium=organic", "search", "google"),
        ("utm_source=Bing&utm_medium=PPC", "paid", "bing"),
        ("utm_source=facebook&utm_medium=paid-social", "paid", "facebook"),
        ("utm_source=facebook&utm_medium=Paid_Social", "paid", "facebook"),
        ("utm_source=fb&utm_medium=social", "social", "facebook"),
        ("utm_source=ig", "social", "instagram"),
        ("utm_source=May+letter&utm_medium=e-mail", "email", "May letter"),
        ("utm_source=crm&utm_medium=newsletter", "email", "crm"),
        ("utm_source=chatgpt.com", "chatbot", "chatgpt"),
        ("utm_source=openai", "chatbot", "chatgpt"),
        ("utm_source=perplexity", "chatbot", "perplexity"),
        ("utm_source=partner-x&utm_medium=affiliate", "referral", "partner-x"),
        ("utm_source=flyer&utm_medium=qr", "referral", "flyer"),
        ("utm_source=linkedin&utm_medium=qr", "social", "linkedin"),
        ("utm_source=www.bing.com", "search", "bing"),
        ("UTM_Source=google&UTM_MEDIUM=CPC", "paid", "google"),
        ("utm_source=site&utm_medium=display", "paid", "site"),
        ("gclid=abc", "paid", "google"),
        ("gbraid=abc", "paid", "google"),
        ("msclkid=abc", "paid", "bing"),
        ("fbclid=abc", "social", "facebook"),
        ("ttclid=abc", "paid", "tiktok"),
        ("twclid=abc", "paid", "x"),
        ("li_fat_id=abc", "paid", "linkedin"),
        ("ScCid=abc", "paid", "snapchat"),
        ("mc_cid=abc", "email", "mailchimp"),
        ("_hsenc=abc", "email", "hubspot"),
        ("srsltid=abc", "search", "google"),
        ("fbclid=abc&gclid=def", "paid", "google"),
        ("utm_source=google&gclid=abc", "paid", "google"),
        ("utm_source=facebook&utm_medium=cpc&fbclid=abc", "paid", "facebook"),
    ],
)
def test_a_campaign_tells_medium_and_name(query: str, medium: str, name: str) -> None:
    found = read(query)
    assert (found["source.medium"], found["source.name"]) == (medium, name)


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
