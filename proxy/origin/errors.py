"""How the origin can fail a request, and how a response says so (RFC 9209)."""

from __future__ import annotations


class OriginError(Exception):
    """The origin gave no answer that could be passed on.

    `status` is the browser's, `error` a type of RFC 9209 §2.3. The message is for the log.
    """

    status = 502

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error

    @property
    def proxy_status(self) -> bytes:
        """The value of `Proxy-Status`.

        >>> OriginUnreachableError("connection_refused", "").proxy_status
        b'tailor; error=connection_refused'
        """
        return f"tailor; error={self.error}".encode()


class OriginUnreachableError(OriginError):
    """There was no connection, or it ended before a response did."""


class OriginTimeoutError(OriginError):
    """The connection or the response's head took too long."""

    status = 504


class OriginProtocolError(OriginError):
    """What came is not HTTP, or not safe to pass on."""


class OriginBodyError(OriginError):
    """The response broke off in its body, so the browser's must too."""
