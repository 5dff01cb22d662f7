"""Answers under `/_tailor/me`: what is remembered of whoever asks, and what they want done about it.

Owns who may ask for what: reading needs the visitor's own cookie, changing anything also a form of ours. How the page
looks is `proxy.rights.page`'s. What is done here is confirmed only when it is done.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from proxy.profile.model import Preferences, Profile
from proxy.profile.store import ProfileStore, UnavailableError
from proxy.relay import send_text, send_whole
from proxy.request import Request
from proxy.rights.page import MePage, Question, View
from proxy.rights.telling import exported, facts
from proxy.rights.tokens import FormTokens, comes_from_here
from proxy.rights.words import LANGUAGES, choose_language
from proxy.visitor.consent import Answer
from proxy.visitor.identity import IdentityReader, Visitor, forgetting_cookies
from proxy.visitor.vouched_header import forgotten
from proxy.wire import Headers
from rules.model import RuleBook
from rules.preferences import preferences_of

if TYPE_CHECKING:
    from starlette.types import Receive, Send

PAGE, DOWNLOAD = "me", "me.json"
"""The names under the prefix that are answered here."""

MAX_FORM_BYTES = 8192
MAX_ANSWER_LENGTH = 100
CONFIRM_SECONDS = 5.0
MAX_CONFIRMING = 2
"""How many visitors wait for the disk in a thread; more wait in line, since large pages are cut in threads too."""
_FIELD = "preference."

# A template may bring the site's own style sheet, pictures and fonts; no script runs on this page.
_POLICY = (
    b"default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SECURITY: Headers = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", _POLICY),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
    # Nothing to other sites. Under `no-referrer` a form would say `Origin: null`, and nobody could tell it is ours.
    (b"referrer-policy", b"same-origin"),
    (b"vary", b"Cookie, Accept-Language"),
)


class Rights:
    """Answers for the visitors of one process.

    Without a `store` nobody can have been remembered, and the page says so. Visitors are asked for the preferences that
    the running `book` names.
    """

    def __init__(
        self,
        page: MePage,
        identity: IdentityReader,
        keys: Sequence[bytes],
        *,
        store: ProfileStore | None,
        now: Callable[[], datetime],
        book: RuleBook,
        path: str = "/_tailor/me",
    ) -> None:
        self._page = page
        self._identity = identity
        self._tokens = FormTokens(keys, now) if keys else None
        self._store = store
        self._now = now
        self._preferences = preferences_of(book)
        self._path = path
        self._confirming = asyncio.Semaphore(MAX_CONFIRMING)

    def use(self, book: RuleBook) -> None:
        """From the next request on, ask for what this rulebook asks for."""
        self._preferences = preferences_of(book)

    async def respond(self, name: str, request: Request, receive: Receive, send: Send) -> None:
        """Answer a request for one of the names that are answered here."""
        try:
            await self._answer(name, request, receive, send)
        except UnavailableError:
            await send_text(send, 503, LANGUAGES[_language(request)].later)

    async def _answer(self, name: str, request: Request, receive: Receive, send: Send) -> None:
        visitor = self._identity.read(request.headers, is_https=request.scheme == "https")
        self._forget(visitor.withdrawn)
        allowed = ("GET", "HEAD") if name == DOWNLOAD else ("GET", "HEAD", "POST")
        if request.method not in allowed:
            await send_text(send, 405, "Method Not Allowed", (b"allow", ", ".join(allowed).encode()))
        elif name == DOWNLOAD:
            await self._send_download(visitor, request, send)
        elif request.method == "POST":
            await self._accept(visitor, request, receive, send)
        else:
            await self._send_page(send, request, 200, self._view(visitor, request), visitor.cookies)

    async def _accept(self, visitor: Visitor, request: Request, receive: Receive, send: Send) -> None:
        """Do what a form asks for."""
        if _media_type(request) != "application/x-www-form-urlencoded":
            await send_text(send, 415, "only forms")
            return
        form = await _read_form(receive)
        if form is None:
            await send_text(send, 413, "the form is too large")
            return
        words = LANGUAGES[_language(request)]
        owned = self._owned(form, visitor, request)
        if owned is None:
            await self._send_page(send, request, 403, self._view(visitor, request, words.stale), visitor.cookies)
            return
        store, visitor_id = owned
        match form.get("do"):
            case "erase":
                store.erase(visitor_id)
                visitor = Visitor(visitor.consent, cookies=(*forgetting_cookies(), *forgotten()))
                done = words.erased
            case "save":
                store.remember(visitor_id, self._told(form, store.read(visitor_id)), self._now())
                done = words.saved
            case _:
                await send_text(send, 400, "the form does not say what to do")
                return
        is_done = await self._is_done(store)
        view = self._view(visitor, request, done if is_done else words.later)
        await self._send_page(send, request, 200 if is_done else 503, view, visitor.cookies)

    async def _is_done(self, store: ProfileStore) -> bool:
        """Whether all that was asked for is on disk, in line and in a thread within CONFIRM_SECONDS."""
        clock = asyncio.get_running_loop().time
        ends = clock() + CONFIRM_SECONDS
        try:
            async with asyncio.timeout_at(ends):
                await self._confirming.acquire()
        except TimeoutError:
            return False
        try:
            return await asyncio.to_thread(store.flush, ends - clock())
        finally:
            self._confirming.release()

    def _told(self, form: Mapping[str, str], profile: Profile | None) -> Preferences:
        """What the form answers of the questions that were asked."""
        answers = {
            question.name: _answer(question, form.get(_FIELD + question.name)) for question in self._questions(profile)
        }
        return Preferences({name: answer for name, answer in answers.items() if answer is not None})

    async def _send_download(self, visitor: Visitor, request: Request, send: Send) -> None:
        profile = self._profile(visitor)
        body = json.dumps(exported(profile) if profile is not None else {}, ensure_ascii=False, indent=2)
        headers = (
            (b"content-type", b"application/json"),
            (b"content-disposition", b'attachment; filename="profile.json"'),
        )
        await _send(send, request, 200, headers, (body + "\n").encode("utf-8", "replace"))

    async def _send_page(self, send: Send, request: Request, status: int, view: View, cookies: Headers) -> None:
        headers = ((b"content-type", b"text/html; charset=utf-8"), (b"content-language", view.lang.encode()), *cookies)
        await _send(send, request, status, headers, self._page.render(view).encode("utf-8", "replace"))

    def _view(self, visitor: Visitor, request: Request, notice: str = "") -> View:
        lang = _language(request)
        words, profile = LANGUAGES[lang], self._profile(visitor)
        may_answer = visitor.id is not None and self._store is not None and self._tokens is not None
        return View(
            lang,
            words,
            path=self._path,
            action=f"{self._path}?lang={lang}",
            download=f"{self._path}.json",
            token=self._tokens.make(visitor.id) if self._tokens is not None and visitor.id is not None else "",
            notice=notice,
            may_remember=visitor.consent.answer is Answer.YES and self._store is not None,
            is_remembered=profile is not None,
            facts=tuple(facts(profile, words)) if profile is not None else (),
            preferences=self._questions(profile) if may_answer else (),
        )

    def _questions(self, profile: Profile | None) -> tuple[Question, ...]:
        """What the rules ask for, and what the visitor told when they asked for something else."""
        told = dict(profile.preferences) if profile is not None else {}
        asked = {preference.name: preference.answers for preference in self._preferences}
        return tuple(
            Question(name, _with(told.get(name, ""), asked.get(name, ())), told.get(name, ""))
            for name in dict.fromkeys((*asked, *told))
        )

    def _profile(self, visitor: Visitor) -> Profile | None:
        if self._store is None or visitor.id is None:
            return None
        return self._store.read(visitor.id)

    def _forget(self, visitor_ids: Sequence[str]) -> None:
        if self._store is not None:
            for visitor_id in visitor_ids:
                self._store.erase(visitor_id)

    def _owned(self, form: Mapping[str, str], visitor: Visitor, request: Request) -> tuple[ProfileStore, str] | None:
        """The store and the id that a form is for; None where it is not this visitor's own."""
        if self._tokens is None or self._store is None or visitor.id is None or not comes_from_here(request):
            return None
        return (self._store, visitor.id) if self._tokens.fits(form.get("token", ""), visitor.id) else None


def _with(told: str, answers: tuple[str, ...]) -> tuple[str, ...]:
    """The answers to choose from, among them the one that was told."""
    return (*answers, told) if answers and told and told not in answers else answers


def _answer(question: Question, given: str | None) -> str | None:
    """What the visitor answered; None where it is no answer to this question."""
    if given is None:
        return None
    answer = given.strip()
    if question.answers:
        return answer if answer in ("", *question.answers) else None
    return answer if len(answer) <= MAX_ANSWER_LENGTH and (answer.isprintable() or not answer) else None


def _language(request: Request) -> str:
    asked = dict(parse_qsl(request.query.decode("latin-1"), max_num_fields=None)).get("lang", "")
    return choose_language(asked, (request.header(b"accept-language") or b"").decode("latin-1"))


def _media_type(request: Request) -> str:
    return (request.header(b"content-type") or b"").decode("latin-1").partition(";")[0].strip().lower()


async def _read_form(receive: Receive) -> dict[str, str] | None:
    """The fields of a form, of which the first counts where there are two; None where it is too large or breaks off."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or len(body) > MAX_FORM_BYTES:
            return None
        if not message.get("more_body", False):
            break
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
    return dict(reversed(pairs))


async def _send(send: Send, request: Request, status: int, headers: Headers, body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send_whole(send, status, (*headers, length, *_SECURITY), b"" if request.method == "HEAD" else body)
