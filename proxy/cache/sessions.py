"""Cookies under which an origin's pages may be one visitor's own, so that no cache answers and none stores. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from proxy.cache.patterns import CookiePatterns
from proxy.settings.cache import SessionPreset

SESSION_COOKIES: Mapping[SessionPreset, tuple[str, ...]] = {
    # Signed in, who wrote a comment, who knows a password, WooCommerce's cart. Not wordpress_test_cookie.
    SessionPreset.WORDPRESS: (
        "wordpress_logged_in_*",
        "wordpress_sec_*",
        "wp-postpass_*",
        "comment_author_*",
        "woocommerce_cart_hash",
        "woocommerce_items_in_cart",
        "wp_woocommerce_session_*",
    ),
    # Wagtail's too. A message of Django's is shown once, to one visitor, and the page doesn't vary by it.
    SessionPreset.DJANGO: ("sessionid", "messages"),
    SessionPreset.DRUPAL: ("SESS*", "SSESS*", "NO_CACHE"),
    SessionPreset.GHOST: ("ghost-members-ssr*", "ghost-admin-api-session*", "ghost-private*"),
    # X-Magento-Vary tells customer groups, currencies and stores apart, and is told to Varnish only.
    SessionPreset.MAGENTO: ("X-Magento-Vary", "PHPSESSID", "admin", "persistent_shopping_cart"),
    SessionPreset.SHOPIFY: (
        "cart",
        "cart_sig",
        "_secure_session_id",
        "_secure_account_session_id",
        "_customer_account_shop_sessions",
        "secure_customer_sig",
        "storefront_digest",
    ),
}
"""The globs of each preset. Where in doubt, a cookie is here: that costs a fetch, its lack a visitor's page."""


def session_cookies(presets: Iterable[SessionPreset], own: Iterable[str] = ()) -> CookiePatterns:
    """The cookies of some presets, and the operator's own.

    Names of cookies have a case, and here it is ignored, on the safe side; so is what PHP makes of them.

    >>> listed = session_cookies([SessionPreset.DJANGO, SessionPreset.WORDPRESS])
    >>> listed.are_in(b"theme=dark; SessionID=x"), listed.are_in(b"wordpress.logged in_f00=x")
    (True, True)
    """
    return CookiePatterns((*(glob for preset in presets for glob in SESSION_COOKIES[preset]), *own), in_php=True)


def bears_session(cookies: Iterable[bytes], listed: CookiePatterns) -> bool:
    """Whether one of a request's cookies is listed; `cookies` are the values of its `Cookie` fields."""
    return any(map(listed.are_in, cookies))
