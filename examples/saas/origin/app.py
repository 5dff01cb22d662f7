"""Evenday's pages and its sign-up. What they say is `content`'s.

A page depends on its URL alone, so it is the same bytes behind a proxy as before it.
"""

from __future__ import annotations

from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from examples.saas.origin.content import BOARDS, CUSTOMERS, INDUSTRIES, PLANS, POSTS, SIZES
from examples.shop.origin.forms import read_form

_HERE = Path(__file__).parent
_MONTH_SECONDS = 30 * 24 * 3600
_PAGES = {"/": "home", "/pricing": "pricing", "/customers": "customers", "/blog": "blog", "/signup": "signup"}


class Site:
    """The endpoints."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        facts = {"customers": CUSTOMERS, "industries": INDUSTRIES, "plans": PLANS, "posts": POSTS, "sizes": SIZES}
        self._templates.globals |= facts

    async def page(self, request: Request) -> Response:
        return self._page(request, f"{_PAGES[request.url.path]}.html")

    async def post(self, request: Request) -> Response:
        post = next((post for post in POSTS if post.slug == request.path_params["slug"]), None)
        if post is None:
            raise HTTPException(404)
        return self._page(request, "post.html", post=post)

    async def board(self, request: Request) -> Response:
        """A picture of the product: one week of an industry's shifts."""
        board = BOARDS.get(request.path_params["name"])
        if board is None:
            raise HTTPException(404)
        drawn = self._templates.get_template("board.svg").render(board=board)
        return Response(drawn, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})

    async def sign_up(self, request: Request) -> Response:
        form = await read_form(request)
        if (
            not form.get("company", "").strip()
            or form.get("industry") not in INDUSTRIES
            or form.get("employees") not in SIZES
        ):
            raise HTTPException(400)
        response = RedirectResponse("/welcome", HTTPStatus.SEE_OTHER)
        for name in ("industry", "employees"):
            response.set_cookie(f"evenday_{name}", form[name], max_age=_MONTH_SECONDS, samesite="lax")
        return response

    async def welcome(self, request: Request) -> Response:
        return self._page(request, "welcome.html")

    async def failed(self, request: Request, error: Exception) -> Response:
        """A page for what went wrong."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self._page(request, "error.html", status=status, phrase=HTTPStatus(status).phrase)

    def _page(self, request: Request, template: str, *, status: int = 200, **facts: object) -> Response:
        drawn = self._templates.get_template(template).render(path=request.url.path, status=status, **facts).encode()
        headers = {"cache-control": "public, max-age=60", "etag": f'"{blake2b(drawn, digest_size=8).hexdigest()}"'}
        return Response(drawn, status, headers, "text/html")


def make_app() -> Starlette:
    """The site as an ASGI app."""
    site = Site()
    return Starlette(
        routes=[
            *(Route(path, site.page) for path in _PAGES),
            Route("/blog/{slug}", site.post),
            Route("/boards/{name}.svg", site.board),
            Route("/signup", site.sign_up, methods=["POST"]),
            Route("/welcome", site.welcome),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        exception_handlers={HTTPException: site.failed},
    )
