from ipaddress import ip_address, ip_network

from proxy.wire import Address, Network


def test_what_the_standard_library_reads_is_an_address_or_a_network() -> None:
    assert all(isinstance(ip_address(written), Address) for written in ("192.0.2.1", "2001:db8::1"))
    assert all(isinstance(ip_network(written), Network) for written in ("192.0.2.0/24", "2001:db8::/32"))
