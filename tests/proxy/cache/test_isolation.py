"""Whatever an origin answers, and in whatever order things happen, nobody gets what is someone else's."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proxy.cache.scripted import (
    SITE,
    Got,
    OriginFailedError,
    Question,
    Reply,
    Site,
    name_of,
    reply,
    turns,
    visit,
)

# Every response names the visitor that it was made for, in its body and in a field. These may reach others.
SHARED = ("shared", "no-cache")
KINDS = (*SHARED, "private", "set-cookie", "vary", "no-store", "silent", "breaks", "error", "fails", "large")

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "ask", "release", "release", "leave", "purge", "later"]),
        st.sampled_from("abc"),
        st.sampled_from(["/1", "/1", "/2"]),
        st.sampled_from(["", "", "", "", "no-cache", "max-age=0", "no-store"]),
    ),
    min_size=2,
    max_size=30,
)


@settings(max_examples=300)
@given(STEPS, st.lists(st.sampled_from(KINDS), min_size=1, max_size=5), st.booleans())
def test_nobody_ever_gets_a_page_that_is_someone_elses(
    steps: list[tuple[str, str, str, str]], kinds: list[str], has_tags: bool
) -> None:
    gates: list[asyncio.Event] = []

    async def script(question: Question) -> Reply:
        head, body = asyncio.Event(), asyncio.Event()
        gates.extend([head, body])
        await head.wait()
        answer = of_kind(kinds[question.number % len(kinds)], question, has_tag=has_tags)
        answer.before_body = body
        return answer

    site = Site(script, page_bytes=100)

    async def visits() -> None:
        tasks: list[tuple[str, asyncio.Task[Got]]] = []
        for step, visitor, target, wish in steps:
            match step:
                case "ask":
                    wishes = {"cache_control": wish} if wish else {}
                    tasks.append((visitor, asyncio.create_task(site.get(target, x_visitor=visitor, **wishes))))
                case "release" if gates:
                    gates.pop(0).set()
                case "leave" if tasks:
                    tasks[len(gates) % len(tasks)][1].cancel()
                case "purge":
                    site.cache.purge_url(SITE, target.encode(), soft=wish == "")
                case _:
                    site.clock.now += 50
            await turns(5)
        while not all(task.done() for _, task in tasks):
            assert gates, "somebody waits for nothing"
            gates.pop(0).set()
            await turns(5)
        got = await asyncio.gather(*(task for _, task in tasks), return_exceptions=True)
        for (visitor, _), each in zip(tasks, got, strict=True):
            if isinstance(each, Got):
                assert_own(visitor, each)
            else:
                assert isinstance(each, OriginFailedError | asyncio.CancelledError)

    visit(site, visits)


def of_kind(kind: str, question: Question, *, has_tag: bool) -> Reply:
    """A response of that kind to a visitor; a 304 where they ask about one of the kind."""
    visitor = name_of(question).decode()
    fields = [("x-canary", f"{kind} {visitor}")]
    if has_tag and kind != "silent":
        # With a tag a response is anyone's for whom the origin confirms it.
        fields.append(("etag", f'"{kind}"'))
    match kind:
        case "fails":
            raise OriginFailedError("down")
        case "error":
            return reply(f"{kind} {visitor}".encode(), *fields, status=503)
        case "private" | "no-store" | "no-cache":
            fields.append(("cache-control", f"max-age=60, {kind}"))
        case "silent":
            pass
        case _:
            fields.append(("cache-control", "max-age=60, stale-while-revalidate=30, stale-if-error=30"))
    fields += {"vary": [("vary", "x-visitor")], "set-cookie": [("set-cookie", f"id={visitor}")]}.get(kind, [])
    if (question.header(b"if-none-match") or b"").decode() == f'"{kind}"':
        return reply(b"", *fields, status=304)
    answer = reply(f"{kind} {visitor}".encode() + b"." * (200 if kind == "large" else 0), *fields)
    answer.breaks = kind == "breaks"
    return answer


def assert_own(visitor: str, got: Got) -> None:
    for canary in filter(None, [got.header("x-canary"), got.body.decode().rstrip(".")]):
        kind, whose = canary.split()
        assert kind in SHARED or whose == visitor, canary
    assert got.header("set-cookie") in (None, f"id={visitor}")
