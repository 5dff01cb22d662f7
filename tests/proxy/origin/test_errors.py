from __future__ import annotations

import pytest

from proxy.origin.errors import (
    OriginBodyError,
    OriginError,
    OriginProtocolError,
    OriginSparedError,
    OriginTimeoutError,
    OriginUnreachableError,
)


@pytest.mark.parametrize(
    ("kind", "status"),
    [(OriginUnreachableError, 502), (OriginProtocolError, 502), (OriginBodyError, 502), (OriginTimeoutError, 504)],
)
def test_a_failure_says_its_status_and_its_kind(kind: type[OriginError], status: int) -> None:
    error = kind("dns_error", "no such name")

    assert error.status == status
    assert error.proxy_status == b"tailor; error=dns_error"


def test_an_origin_that_is_left_alone_is_told_from_one_that_fails() -> None:
    error = OriginSparedError(504)

    assert error.status == 504
    assert error.proxy_status == b'tailor; error=destination_unavailable; details="left alone after failures in a row"'
