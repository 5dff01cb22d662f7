"""Requests as the reader makes them, for the tests of what comes after it."""

from __future__ import annotations

from proxy.request import Request


def page_request(path: str = "/", query: str = "", **headers: str) -> Request:
    """A GET for a page of shop.example; underscores in the names of headers stand for hyphens."""
    fields = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    return Request(
        method="GET",
        path=path,
        raw_path=path.encode(),
        query=query.encode(),
        headers=fields,
        scheme="http",
        authority="shop.example",
        host="shop.example",
        peer="127.0.0.1",
        client=None,
        trusted=False,
    )
