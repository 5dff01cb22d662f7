from __future__ import annotations

import pytest

from proxy.origin.errors import (
    OriginBodyError,
    OriginError,
    OriginProtocolError,
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
