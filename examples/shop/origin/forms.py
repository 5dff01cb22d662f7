"""What browsers post: reading a form, and telling this site's own from another's."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

_MAX_BYTES = 4096


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a form was sent from a page of this site, by what the browser says of it (no token needed).

    `Sec-Fetch-Site` where there is one (W3C Fetch Metadata), else `Origin` beside `Host`. Neither is a client
    that isn't a browser, and nobody's cookies are at stake.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return True
    # `null`, of a sandboxed frame, has no host and is nobody's own.
    return urlsplit(origin).netloc.lower() in {headers.get("host"), headers.get("x-forwarded-host")}


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of an urlencoded form; the last wins. Answers 403 to another site's, 413 to a large one."""
    if not is_same_origin(request.headers):
        raise HTTPException(403)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise HTTPException(413)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
