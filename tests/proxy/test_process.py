from proxy.process import make_hosts, new_id, own_hosts
from proxy.settings.model import Settings


def settings(**given: object) -> Settings:
    return Settings.model_validate({"origin": "http://cms.example:8000", **given})


def test_requests_have_names_that_differ() -> None:
    assert len({new_id() for _ in range(100)}) == 100


def test_a_link_from_the_public_name_is_no_source() -> None:
    assert own_hosts(settings(public_url="https://shop.example")) == ("shop.example",)
    assert own_hosts(settings()) == ()


def test_pages_are_mapped_only_where_that_is_asked_for() -> None:
    assert not make_hosts(settings(host_mode="origin")).maps_pages
    assert make_hosts(settings(host_mode="origin", map_urls=True)).maps_pages
