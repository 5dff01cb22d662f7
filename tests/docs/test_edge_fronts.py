"""The caches of `examples/edge`, run: they keep one copy for each decision, and nothing that is one visitor's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from proxy.origin.headers import TELLING_OF_HOPS
from proxy.settings.layers import read_settings
from tests.docs.edge_fronts import EDGE, FRONTS, PHONE, RULES, Front
from tests.docs.fronts import is_installed
from tests.isolation.stage import varnishd
from tests.proxy.caching import PAGE


def skip_unless_installed(name: str) -> None:
    if not (varnishd() if name == "varnish" else is_installed(name)):
        pytest.skip(f"{name} is not installed (Debian's packages nginx-light and varnish)")


@pytest.fixture(scope="module", params=FRONTS)
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    skip_unless_installed(request.param)
    with FRONTS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
def page(front: Front) -> str:
    """A page that phones get another way, and that nobody has asked for yet."""
    return front.page("phones")


def came_from_cache(response: httpx.Response) -> bool:
    return response.headers["x-cache"] == "HIT"


def test_two_visitors_with_one_decision_are_one_fetch_and_one_cut(front: Front, page: str) -> None:
    before = front.counts()
    first, second, third = (front.get(page, user_agent=PHONE, x_number=number) for number in "123")
    assert b"SMALL" in first.content
    assert first.content == second.content == third.content
    assert [came_from_cache(each) for each in (first, second, third)] == [False, True, True]
    assert front.site.targets().count(f"GET {page}") == 1
    # Two of the three were subrequests alone: no page was looked up for them.
    done = {name: count - before[name] for name, count in front.counts().items()}
    assert done == {"cut": 1, "found cut": 0, "misses": 1, "hits": 0}


def test_each_decision_has_a_copy_of_its_own(front: Front, page: str) -> None:
    for _ in range(3):
        assert b"SMALL" in front.get(page, user_agent=PHONE).content
        assert front.get(page).content == PAGE
    assert came_from_cache(front.get(page))


def test_a_page_with_a_visitor_s_value_is_shared_with_nobody(front: Front) -> None:
    hello = front.page("hello")
    for canary in ("CANARY-1", "CANARY-2", "CANARY-1"):
        response = front.get(hello, cookie=f"shop_name={canary}")
        assert f"Hello {canary}".encode() in response.content
        assert not came_from_cache(response)
    assert b"Hello you" in front.get(hello).content


def test_behind_the_front_nobody_may_keep_a_page_or_learns_its_key(front: Front, page: str) -> None:
    for _ in range(2):
        headers = front.get(page, user_agent=PHONE).headers
        assert headers["cache-control"] == "private, no-cache"
        assert not {"x-accel-expires", "tailor-variant", "expires", "set-cookie"} & set(headers)


def test_a_visitor_s_own_word_for_a_key_counts_for_nothing(front: Front, page: str) -> None:
    key = front.key(page, user_agent=PHONE)
    assert b"SMALL" in front.get(page, user_agent=PHONE).content
    for forged in (key, "plain", "f" * 32, ""):
        assert front.get(page, tailor_variant=forged).content == PAGE
        assert b"SMALL" in front.get(page, user_agent=PHONE, tailor_variant=forged).content


def test_nobody_outside_may_ask_for_keys(front: Front) -> None:
    assert front.get("/_tailor/decide/").status_code == 404
    assert "tailor-variant" not in front.get("/_tailor/decide/x", tailor_asked="/").headers


def test_a_new_visitor_gets_a_cookie_that_no_other_gets(front: Front) -> None:
    trial = front.page("trial")
    responses = [front.get(trial, cookie="ok=yes") for _ in range(3)]
    cookies = [response.headers["set-cookie"].partition(";")[0] for response in responses]
    assert len(set(cookies)) == 3
    seen: list[bytes] = []
    for cookie in cookies:
        known = [front.get(trial, cookie=f"ok=yes; {cookie}") for _ in range(2)]
        assert known[0].content == known[1].content
        assert [came_from_cache(each) for each in known] == [known[0].content in seen, True]
        assert "set-cookie" not in known[1].headers
        seen.append(known[0].content)
    # What they were shown at first is what they are shown.
    assert [response.content for response in responses] == seen


@pytest.mark.parametrize("field", [{"cookie": "sessionid=1"}, {"authorization": "Basic eDp5"}])
def test_who_is_signed_in_gets_no_copy(front: Front, page: str, field: dict[str, str]) -> None:
    assert [came_from_cache(front.get(page)) for _ in range(2)] == [False, True]
    asked = len(front.site.asked)
    assert not came_from_cache(front.get(page, **field))
    assert len(front.site.asked) == asked + 1


def test_another_rulebook_holds_at_once(front: Front, page: str) -> None:
    for word in ("LITTLE", "SMALL"):
        front.get(page, user_agent=PHONE)
        assert came_from_cache(front.get(page, user_agent=PHONE))
        front.reload(RULES.replace("SMALL", word))
        assert word.encode() in front.get(page, user_agent=PHONE).content


def test_a_browser_that_has_a_copy_gets_a_304(front: Front, page: str) -> None:
    for _ in range(2):
        tag = front.get(page, user_agent=PHONE).headers["etag"]
        again = front.get(page, user_agent=PHONE, if_none_match=tag)
        assert (again.status_code, again.content) == (304, b"")
        assert front.get(page, if_none_match=tag).status_code == 200


def test_a_head_is_told_of_the_copy(front: Front, page: str) -> None:
    assert front.get(page, method="HEAD", user_agent=PHONE).status_code == 200
    assert b"SMALL" in front.get(page, user_agent=PHONE).content
    told = front.get(page, method="HEAD", user_agent=PHONE)
    assert (told.status_code, told.content, came_from_cache(told)) == (200, b"", True)


def test_browsers_that_read_no_coding_get_none(front: Front, page: str) -> None:
    for coding in ("gzip", "identity", "gzip", "identity"):
        response = front.get(page, user_agent=PHONE, accept_encoding=coding)
        assert response.headers.get("content-encoding", "identity") == coding
        assert b"SMALL" in response.content


def test_what_no_rule_touches_is_kept_as_the_site_says(front: Front) -> None:
    plain = front.page("plain")
    assert [came_from_cache(front.get(plain)) for _ in range(2)] == [False, True]
    assert front.get(plain).headers["cache-control"] == "max-age=60"


def test_a_post_passes_with_its_body(front: Front) -> None:
    with httpx.Client(trust_env=False) as client:
        url = f"http://127.0.0.1:{front.port}{front.page('plain')}"
        assert client.post(url, headers={"host": "shop.example"}, content=b"x=1").content == PAGE
    assert front.site.asked[-1].endswith(b"\r\n\r\nx=1")


def test_paths_are_decided_as_they_are_asked_for(front: Front) -> None:
    front.site.put("/a%20b?x=%2F&y", PAGE, ("content-type", "text/html"))
    assert front.get("/a%20b?x=%2F&y").content == PAGE
    assert front.get("/a/%2e%2e/b").status_code == 400


@pytest.mark.parametrize("name", FRONTS)
def test_without_edge_mode_the_site_is_served_and_nothing_is_kept(name: str, tmp_path: Path) -> None:
    skip_unless_installed(name)
    with FRONTS[name](tmp_path, "--edge", "false") as front:
        page = front.page("phones")
        for _ in range(2):
            response = front.get(page, user_agent=PHONE)
            assert b"SMALL" in response.content
            assert not came_from_cache(response)


@pytest.mark.parametrize("file", ["visitor.conf", "default.vcl"])
def test_a_front_takes_off_every_field_that_only_proxies_can_know(file: str) -> None:
    written = (EDGE / file).read_text(encoding="utf-8")
    taken = {name.lower() for name in re.findall(r"(?:proxy_set_header |unset req\.http\.)([\w-]+)", written)}
    assert {name.decode() for name in TELLING_OF_HOPS} <= taken


def test_the_settings_beside_them_can_be_read() -> None:
    settings, warnings = read_settings({}, {}, config=EDGE / "tailor.toml")
    assert warnings == ()
    assert settings.edge
