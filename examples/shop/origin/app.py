"""The shop's pages and what its forms do. The catalogue and the carts are `store`'s.

A page depends on its URL and the cart, on nothing else: not on the host, the port or the time of day. So a page is the
same bytes behind a proxy as before it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from examples.shop.origin.catalogue import CATEGORIES, TINTS, Product
from examples.shop.origin.forms import read_form
from examples.shop.origin.store import Store, bill

SITE_URL = "https://fjell-fjord.example"
"""Where search engines find the shop: canonical links and JSON-LD name it, whatever host was asked."""

ACTIVITIES = ("hiking", "skiing", "paddling", "camping")

_HERE = Path(__file__).parent
_MONTH_SECONDS = 30 * 24 * 3600
_SPONSORED_AT = 2


class Shop:
    """The endpoints, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {"categories": CATEGORIES, "site_url": SITE_URL, "activities": ACTIVITIES}

    async def home(self, request: Request) -> Response:
        return self._page(request, "home.html", bestsellers=self._store.bestsellers())

    async def category(self, request: Request) -> Response:
        slug = request.path_params["slug"]
        category = next((category for category in CATEGORIES if category.slug == slug), None)
        if category is None:
            raise HTTPException(404)
        return self._page(request, "category.html", category=category, products=self._store.products(slug))

    async def product(self, request: Request) -> Response:
        product = self._known(request.path_params["slug"])
        category = next(category for category in CATEGORIES if category.slug == product.category)
        related = [other for other in self._store.products(category.slug) if other != product][:4]
        return self._page(request, "product.html", product=product, category=category, related=related)

    async def search(self, request: Request) -> Response:
        query = request.query_params.get("q", "").strip()[:80]
        found = self._store.search(query)
        results = list(found)
        if found:
            sponsored = [product for product in self._store.sponsored() if product not in found]
            results[_SPONSORED_AT:_SPONSORED_AT] = sponsored[:1]
        return self._page(request, "search.html", query=query, found=found, results=results)

    async def picture(self, request: Request) -> Response:
        product = self._known(request.path_params["slug"])
        drawing = self._templates.get_template(f"drawings/{product.drawing}.svg")
        return Response(
            drawing.render(tint=TINTS[product.colour]),
            media_type="image/svg+xml",
            headers={"cache-control": "public, max-age=86400"},
        )

    async def cart(self, request: Request) -> Response:
        lines = self._store.cart(self._cart(request))
        return self._page(request, "cart.html", lines=lines, bill=bill(lines))

    async def add(self, request: Request) -> Response:
        form = await read_form(request)
        product = self._known(form.get("product", ""))
        cart = self._cart(request) or secrets.token_urlsafe(16)
        self._store.add(cart, product)
        response = RedirectResponse("/cart", HTTPStatus.SEE_OTHER)
        response.set_cookie("shop_cart", cart, max_age=_MONTH_SECONDS, httponly=True, samesite="lax")
        return response

    async def change(self, request: Request) -> Response:
        form = await read_form(request)
        product = self._known(form.get("product", ""))
        quantity = form.get("quantity", "")
        if not (quantity.isascii() and quantity.isdigit() and len(quantity) < 4):
            raise HTTPException(400)
        self._store.set_quantity(self._cart(request), product, int(quantity))
        return RedirectResponse("/cart", HTTPStatus.SEE_OTHER)

    async def checkout(self, request: Request) -> Response:
        await read_form(request)
        bought = self._store.buy(self._cart(request))
        return RedirectResponse("/thanks" if bought else "/cart", HTTPStatus.SEE_OTHER)

    async def thanks(self, request: Request) -> Response:
        order = self._store.order(request.cookies.get("shop_cart", ""))
        if order is None:
            return RedirectResponse("/cart", HTTPStatus.SEE_OTHER)
        number, total = order
        return self._page(request, "thanks.html", number=number, total=total)

    async def join(self, request: Request) -> Response:
        return self._page(request, "join.html", member=unquote(request.cookies.get("shop_member", "")))

    async def become_member(self, request: Request) -> Response:
        form = await read_form(request)
        name = " ".join(form.get("name", "").split())[:40]
        if not name:
            raise HTTPException(400)
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        response.set_cookie("shop_member", quote(name), max_age=_MONTH_SECONDS, samesite="lax")
        if form.get("activity") in ACTIVITIES:
            response.set_cookie("shop_activity", form["activity"], max_age=_MONTH_SECONDS, samesite="lax")
        return response

    async def leave(self, request: Request) -> Response:
        await read_form(request)
        response = RedirectResponse("/join", HTTPStatus.SEE_OTHER)
        response.delete_cookie("shop_member", samesite="lax")
        response.delete_cookie("shop_activity", samesite="lax")
        return response

    async def failed(self, request: Request, error: Exception) -> Response:
        """A page for what went wrong, in the shop's own clothes."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self._page(request, "error.html", status=status, phrase=HTTPStatus(status).phrase)

    def _known(self, slug: str) -> Product:
        product = self._store.product(slug)
        if product is None:
            raise HTTPException(404)
        return product

    def _cart(self, request: Request) -> str:
        """The id of the visitor's open cart; empty where there is none, or where it has become an order."""
        cart = request.cookies.get("shop_cart", "")
        return "" if self._store.order(cart) else cart

    def _page(self, request: Request, template: str, *, status: int = 200, **facts: object) -> Response:
        lines = self._store.cart(self._cart(request))
        facts = {"query": "", "in_cart": sum(line.quantity for line in lines), "path": request.url.path} | facts
        body = self._templates.get_template(template).render(status=status, **facts).encode()
        headers = _freshness(request, body)
        if status == HTTPStatus.OK and request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(body, status, headers, "text/html")


def _freshness(request: Request, body: bytes) -> Mapping[str, str]:
    """A shared cache may keep what was made for nobody in particular, for a minute."""
    own = any(name in request.cookies for name in ("shop_cart", "shop_member"))
    return {
        "cache-control": "private, no-cache" if own else "public, max-age=0, s-maxage=60",
        "etag": f'"{blake2b(body, digest_size=8).hexdigest()}"',
        "vary": "Cookie",
    }


def make_app(store: Store) -> Starlette:
    """The shop as an ASGI app. The store stays its caller's to close."""
    shop = Shop(store)
    return Starlette(
        routes=[
            Route("/", shop.home),
            Route("/search", shop.search),
            Route("/categories/{slug}", shop.category),
            Route("/products/{slug}", shop.product),
            Route("/pictures/{slug}.svg", shop.picture),
            Route("/cart", shop.cart),
            Route("/cart/add", shop.add, methods=["POST"]),
            Route("/cart/change", shop.change, methods=["POST"]),
            Route("/checkout", shop.checkout, methods=["POST"]),
            Route("/thanks", shop.thanks),
            Route("/join", shop.join),
            Route("/join", shop.become_member, methods=["POST"]),
            Route("/leave", shop.leave, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        exception_handlers={HTTPException: shop.failed},
    )
