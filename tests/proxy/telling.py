"""Requests that tell all that can be told of a visitor, and any part of it amid all that nobody looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from hypothesis import strategies as st

from proxy.company.accounts_file import load_accounts
from proxy.company.finder import CompanyFinder
from proxy.company.links import LinkReader, sign_company
from proxy.deciding import Decider
from proxy.failures import Failures
from proxy.parameters import COMPANY
from proxy.profile.store import ProfileStore
from proxy.remember import Memory
from proxy.request import Request
from proxy.settings.values import ConsentSource, GeoPreset
from proxy.settings.vouched import JwtAlgorithm, VouchedJwt
from proxy.stand_in import StandIn
from proxy.visitor.consent import ConsentReader
from proxy.visitor.device import DeviceReader
from proxy.visitor.geo_database import GeoDatabases
from proxy.visitor.identity import PLAIN_NAME, IdentityReader
from proxy.visitor.location import Locator
from proxy.visitor.observe import Observer
from proxy.visitor.reads import reduced
from proxy.visitor.source import SourceReader
from proxy.visitor.vouched import Vouched
from proxy.visitor.vouched_cookie import SignedCookieReader
from proxy.visitor.vouched_header import Carrier
from proxy.visitor.vouched_jwt import JwtReader
from proxy.visitor.vouched_keys import Key, KeySet
from rules.context import Context
from rules.model import RuleBook
from rules.plan import Plan
from tests.proxy.company.test_table import written
from tests.proxy.requests import page_request
from tests.proxy.visitor.databases import OSLO_GEOIP2, write_database
from tests.proxy.visitor.signing import SECRET, signed_cookie, token

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
KEYS = (b"k" * 32,)
PHONE = (
    b"Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 "
    b"Chrome/121.0.0.0 Mobile Safari/537.36"
)
CONSENTS = {
    ConsentSource.ONETRUST: ConsentReader(ConsentSource.ONETRUST, "OptanonConsent", ("C0003",)),
    ConsentSource.COOKIEBOT: ConsentReader(ConsentSource.COOKIEBOT, "CookieConsent", ("preferences",)),
    ConsentSource.USERCENTRICS: ConsentReader(ConsentSource.USERCENTRICS, "uc_consent", ("functional",)),
    ConsentSource.TCF: ConsentReader(ConsentSource.TCF, "euconsent-v2", ("1", "2")),
    ConsentSource.COOKIE: ConsentReader(ConsentSource.COOKIE, "consent", ("yes",)),
    ConsentSource.NOT_REQUIRED: ConsentReader(ConsentSource.NOT_REQUIRED),
    ConsentSource.NONE: ConsentReader(ConsentSource.NONE, company_without_consent=False),
}
"""A reader of each kind; under each of those that read a cookie, ANSWERS has a yes."""

ANSWERS = {
    b"OptanonConsent": (b"groups=C0001%3A1%2CC0003%3A1", b"groups=C0003%3A0", b"x"),
    b"CookieConsent": (b"{preferences:true}", b"0", b"-1"),
    b"uc_consent": (b"functional", b"essential"),
    b"euconsent-v2": (b"COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAAEEUACCKAAA", b"short"),
    b"consent": (b"yes", b"no"),
}
NETWORK_FIELDS = {
    b"cf-ipcountry": (b"NO", b"SE", b"XX"),
    b"cf-region-code": (b"46",),
    b"cf-ipcity": (b"Bergen",),
    b"cf-postal-code": (b"5003",),
    b"cf-timezone": (b"Europe/Oslo", b"Asia/Tokyo"),
    b"cf-iplatitude": (b"60.4",),
    b"cf-iplongitude": (b"5.3",),
}
FIELDS = {
    b"user-agent": (PHONE, b"curl/8.5.0", b"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"),
    b"accept-language": (b"nb,en;q=0.8", b"de"),
    b"sec-ch-ua": (b'"Brave";v="130"', b'"HeadlessChrome";v="130"'),
    b"sec-ch-ua-mobile": (b"?1", b"?0"),
    b"sec-ch-ua-platform": (b'"Android"', b'"Windows"'),
    b"sec-ch-ua-model": (b'"SM-T510"',),
    b"sec-ch-ua-form-factors": (b'"Tablet"',),
    b"referer": (b"https://www.google.com/", b"https://news.example/a"),
    b"sec-gpc": (b"0", b"1"),
    **NETWORK_FIELDS,
}
"""What readers look at, with what it may say; the first is what a visitor of whom all is known says."""

UNREAD = (b"accept", b"x-forwarded-for", b"cookie2", b"sec-fetch-dest", b"fastly-client-ip", b"dnt")

ACCOUNTS = """\
name,alias,domains,cidrs,industry,employees,revenue,country,tier,list,owner
Nordea Bank Abp,Nordea,nordea.example,8.8.8.0/24,banking,28000,11700,FI,1,nordic-banks,Kari
"""


def jwt_in(**place: str) -> VouchedJwt:
    """Settings of a token in this place."""
    given = {"algorithms": "HS256", "secret_file": "unread", "claims": {"plan": "plan", "email_domain": "domain"}}
    return VouchedJwt.model_validate({**given, **place})


def vouched(jwt: VouchedJwt) -> Vouched:
    """Every way to vouch."""
    keys = KeySet((Key(JwtAlgorithm.HS256, SECRET),))
    return Vouched(
        JwtReader(jwt, lambda: keys, now=lambda: NOON),
        SignedCookieReader("shop_visitor", lambda: [SECRET], now=lambda: NOON),
        Carrier(KEYS, ConsentReader(), now=lambda: NOON),
    )


@cache
def _tables() -> tuple[DeviceReader, SourceReader]:
    return DeviceReader(), SourceReader()


def observer(folder: Path, jwt: VouchedJwt) -> Observer:
    """One that is told everything: by a network in front, a database, cookies, and all who vouch."""
    databases = GeoDatabases([write_database(folder / "city.mmdb", {"8.8.8.0/24": OSLO_GEOIP2})])
    databases.refresh()
    locator = Locator([GeoPreset.CLOUDFLARE], databases)
    return Observer(*_tables(), locator, {"theme": "shop_theme"}, vouched=vouched(jwt))


def companies(folder: Path) -> CompanyFinder:
    """One that knows an account, by its network, its domain and links to it."""
    accounts = load_accounts(written(folder, ACCOUNTS))
    return CompanyFinder(lambda: accounts, links=LinkReader(KEYS, now=lambda: NOON))


def identity(consent: ConsentReader) -> IdentityReader:
    """One whose new ids are all the same."""
    return IdentityReader(consent, KEYS, now=lambda: NOON, new_id=lambda: "n" * 22)


@dataclass
class Listener(StandIn):
    """Hears what is known of visitors."""

    heard: list[Context] = field(default_factory=list)

    def imagine(self, context: Context, site_timezone: str) -> Context:
        self.heard.append(context)
        return context


@dataclass
class Asked:
    """A decider, and what it hears of visitors."""

    decider: Decider
    observer: Observer
    identity: IdentityReader
    listener: Listener
    failures: Failures

    def context(self, request: Request, plan: Plan) -> Context:
        """What is known of who asks, where a plan like this asks for it."""
        self.decider.decide_now(request, plan, self.identity.read(request.headers, is_https=request.scheme == "https"))
        assert not self.failures.counts
        return self.listener.heard.pop()

    def reduced(self, request: Request, plan: Plan) -> Request:
        """The request with nothing in it but what deciding looks at."""
        reads = self.decider.reads(plan)
        client = request.client if reads.client else None
        return replace(request, headers=reduced(request.headers, reads), client=client)


def asked(
    observer: Observer, companies: CompanyFinder, consent: ConsentReader, store: ProfileStore | None = None
) -> Asked:
    """A decider with these parts."""

    def now() -> datetime:
        return NOON

    listener, failures, reader = Listener(), Failures(), identity(consent)
    decider = Decider(
        observer,
        RuleBook(),
        now=now,
        identity=reader,
        companies=companies,
        memory=Memory(observer, now, store),
        stand_in=listener,
        failures=failures,
    )
    return Asked(decider, observer, reader, listener, failures)


def said_cookies() -> dict[bytes, tuple[bytes, ...]]:
    """What cookies may say; the first is what a visitor of whom all is known says."""
    return {**ANSWERS, **_signed(), b"shop_theme": (b"dark", b"light"), b"_ga": (b"1",), b"session": (b"x",)}


@cache
def _signed() -> dict[bytes, tuple[bytes, ...]]:
    id_values = (_id_cookie("a" * 22), _id_cookie("b" * 22))
    ((_, carried),) = vouched(jwt_in(cookie="jwt")).carry(b"plan=basic, seats=5", (), is_https=False)
    carried_value = _value(carried)
    return {
        PLAIN_NAME: id_values,
        b"__Host-" + PLAIN_NAME: id_values,
        b"tailor_vouched": (carried_value,),
        b"__Host-tailor_vouched": (carried_value,),
        b"shop_visitor": (
            signed_cookie({"plan": "team", "region": "west"}),
            signed_cookie({"plan": "team"}, b"x" * 32),
        ),
        b"jwt": (token({"plan": "pro", "domain": "nordea.example"}), b"x.y.z"),
    }


def _id_cookie(visitor_id: str) -> bytes:
    everyone = CONSENTS[ConsentSource.NOT_REQUIRED]
    new = IdentityReader(everyone, KEYS, now=lambda: NOON, new_id=lambda: visitor_id).read((), is_https=False)
    return _value(new.cookies[0][1])


def _value(set_cookie: bytes) -> bytes:
    return set_cookie.partition(b";")[0].partition(b"=")[2]


def telling_request(*, without: Callable[[bytes], bool] = lambda name: name == b"sec-gpc") -> Request:
    """One that tells all there is, but for the fields and cookies that `without` names."""
    fields = [(name, values[0]) for name, values in FIELDS.items() if not without(name)]
    pairs = [name + b"=" + values[0] for name, values in said_cookies().items() if not without(name)]
    query = "ref=mail&utm_medium=email&utm_source=mailchimp&utm_campaign=spring&utm_term=tents&utm_content=button"
    return replace(
        page_request("/shop", query),
        headers=(*fields, (b"cookie", b"; ".join(pairs))),
        client=ip_address("8.8.8.8"),
        trusted=True,
        own={COMPANY: sign_company("Nordea", KEYS)},
    )


def _some(said: Mapping[bytes, tuple[bytes, ...]]) -> st.SearchStrategy[list[tuple[bytes, bytes]]]:
    """Most of these names, each with one of its values, in any order."""
    choices = {name: st.sampled_from((*values, *values, None)) for name, values in said.items()}
    chosen = st.fixed_dictionaries(choices).map(lambda told: [(n, value) for n, value in told.items() if value])
    return chosen.flatmap(st.permutations)


@st.composite
def _cookie_fields(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A `Cookie` field, such as browsers write it or nearly so."""
    equals = draw(st.sampled_from((b"=", b"=", b"=", b" = ", b"")))
    pairs = [name + equals + value for name, value in draw(_some(said_cookies()))]
    return b"cookie", draw(st.sampled_from((b"; ", b"; ", b";", b" ; "))).join(pairs)


def _odd_fields() -> st.SearchStrategy[tuple[bytes, bytes]]:
    """A field that comes once more, or says what nobody understands."""
    cookies = st.tuples(st.sampled_from(tuple(said_cookies())), st.binary(max_size=5)).map(b"=".join)
    other = st.tuples(st.sampled_from((*FIELDS, *UNREAD)), st.sampled_from((b"", b"1", b"NO")) | st.binary(max_size=8))
    return other | cookies.map(lambda value: (b"cookie", value))


@st.composite
def any_requests(draw: st.DrawFn) -> Request:
    """A request of anybody."""
    bearer = {b"authorization": (b"Bearer " + said_cookies()[b"jwt"][0],)}
    headers = [*draw(_some({**FIELDS, **bearer})), draw(_cookie_fields())]
    for each in draw(st.lists(_odd_fields(), max_size=2)):
        headers.insert(draw(st.integers(0, len(headers))), each)
    return replace(
        telling_request(),
        query=draw(st.sampled_from((b"", b"ref=mail", b"utm_source=chatgpt.com&gclid=1"))),
        headers=tuple(headers),
        scheme=draw(st.sampled_from(("http", "https"))),
        client=draw(st.sampled_from((None, ip_address("8.8.8.8"), ip_address("1.1.1.1")))),
        trusted=draw(st.booleans()),
        own=draw(st.sampled_from(({}, {COMPANY: sign_company("Nordea", KEYS)}, {COMPANY: "forged"}))),
    )
