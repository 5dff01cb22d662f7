"""How the origin can fail a request, and how a response says so (RFC 9209)."""

from __future__ import annotations


class OriginError(Exception):
    """The origin gave no answer that could be passed on.

    `status` is the browser's, `error` a type of RFC 9209 §2.3. The message is for the log.
    """

    status = 502
    retry_after_seconds: int | None = None
    """When to come again; None where that is not known (RFC 9110 §10.2.3)."""
    details = ""
    """What `Proxy-Status` says beside the type: a fault of Tailor's own making is told from the origin's by it."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error

    @property
    def proxy_status(self) -> bytes:
        """The value of `Proxy-Status`.

        >>> OriginUnreachableError("connection_refused", "").proxy_status
        b'tailor; error=connection_refused'
        """
        details = f'; details="{self.details}"' if self.details else ""
        return f"tailor; error={self.error}{details}".encode()


class OriginUnreachableError(OriginError):
    """There was no connection, or it ended before a response did."""


class OriginLostError(OriginUnreachableError):
    """The connection ended before a response did: it had been idle, or the request is one that kills its server."""


class OriginTimeoutError(OriginError):
    """The connection or the response's head took too long."""

    status = 504


class OriginProtocolError(OriginError):
    """What came is not HTTP, or not safe to pass on."""


class OriginBodyError(OriginError):
    """The response broke off in its body, so the browser's must too."""


class OriginSparedError(OriginError):
    """Nobody was asked: the origin failed again and again, and is left alone. `status` is what it failed with."""

    details = "left alone after failures in a row"

    def __init__(self, status: int) -> None:
        super().__init__("destination_unavailable", self.details)
        self.status = status


class OriginCrowdedError(OriginError):
    """Nobody was asked: too many requests are with the origin, and too many wait, or for too long."""

    status = 503
    retry_after_seconds = 1

    def __init__(self, message: str) -> None:
        super().__init__("connection_limit_reached", message)
