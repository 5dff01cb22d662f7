from proxy.settings.vouched import JwtAlgorithm, VouchedJwt
from proxy.visitor.consent import ConsentReader
from proxy.visitor.reads import NOTHING, Reads
from proxy.visitor.vouched import Vouched
from proxy.visitor.vouched_cookie import SignedCookieReader
from proxy.visitor.vouched_header import Carrier
from proxy.visitor.vouched_jwt import JwtReader
from proxy.visitor.vouched_keys import Key, KeySet
from tests.proxy.visitor.signing import SECRET, START, signed_cookie, token

CLAIMS = {name: name for name in ("a", "b", "c")}
KEYS = KeySet((Key(JwtAlgorithm.HS256, SECRET),))
SETTINGS = VouchedJwt.model_validate(
    {"cookie": "jwt", "algorithms": "HS256", "secret_file": "unread", "claims": CLAIMS}
)


def every_way() -> Vouched:
    return Vouched(
        JwtReader(SETTINGS, lambda: KEYS, now=lambda: START),
        SignedCookieReader("shop_visitor", lambda: [SECRET], now=lambda: START),
        Carrier([b"k" * 32], ConsentReader(), now=lambda: START),
    )


def test_a_token_counts_more_than_a_signed_cookie_and_that_more_than_the_origins_earlier_word() -> None:
    vouched = every_way()
    ((_, carried),) = vouched.carry(b"a=header, b=header, c=header", (), is_https=False)
    cookies = [
        carried.partition(b";")[0],
        b"shop_visitor=" + signed_cookie({"a": "cookie", "b": "cookie"}),
        b"jwt=" + token({"a": "token"}),
    ]
    signals = vouched.signals(((b"cookie", b"; ".join(cookies)),), is_https=False)
    assert signals == {"visitor.a": "token", "visitor.b": "cookie", "visitor.c": "header"}


def test_without_any_way_nobody_is_vouched_for_and_nothing_is_carried() -> None:
    vouched = Vouched()
    headers = ((b"cookie", b"jwt=x; shop_visitor=y; tailor_vouched=z"),)
    assert vouched.signals(headers, is_https=False) == {}
    assert vouched.carry(b"a=b", headers, is_https=False) == ()
    assert vouched.counts() == {}


def test_what_is_not_believed_is_counted_by_way_and_reason() -> None:
    vouched = every_way()
    vouched.signals(((b"cookie", b"jwt=x; shop_visitor=y"),), is_https=False)
    vouched.carry(b"!", (), is_https=False)
    assert vouched.counts() == {
        "vouched_jwt_refused": {"it is no JWT that can be read": 1},
        "vouched_cookie_refused": {"its signature is wrong": 1},
        "vouched_header_refused": {"the header is no dictionary of structured fields": 1},
    }


def test_what_each_way_stands_in_is_looked_at() -> None:
    in_cookies = Reads(cookies=frozenset({b"jwt", b"shop_visitor", b"tailor_vouched", b"__Host-tailor_vouched"}))
    assert every_way().reads == in_cookies
    in_header = SETTINGS.model_copy(update={"cookie": None, "header": "authorization"})
    jwt = JwtReader(in_header, lambda: KEYS, now=lambda: START)
    assert Vouched(jwt).reads == Reads(frozenset({b"authorization"}))
    assert Vouched().reads == NOTHING
