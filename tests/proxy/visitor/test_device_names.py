import re
from collections import Counter

from proxy.visitor.device_names import (
    BRAND_SPELLINGS,
    BROWSERS,
    HINTED_BROWSERS,
    HINTED_SYSTEMS,
    MAKERS,
    OPERATING_SYSTEMS,
)


def test_no_family_has_two_names() -> None:
    for table in (BROWSERS, OPERATING_SYSTEMS):
        families = Counter(family for all_ in table.values() for family in all_)
        assert [family for family, times in families.items() if times > 1] == []


def test_hints_tell_no_browser_under_a_name_of_its_own() -> None:
    assert set(HINTED_BROWSERS.values()) <= set(BROWSERS)


def test_hints_and_user_agents_call_a_system_the_same() -> None:
    renamed = {family: name for name, families in OPERATING_SYSTEMS.items() for family in families}
    assert [system for system in HINTED_SYSTEMS.values() if system in renamed] == []


def test_every_maker_has_models_and_can_name_a_group() -> None:
    assert [maker for maker, models in MAKERS.items() if not maker.isidentifier() or re.compile(models).match("")] == []


def test_a_maker_is_spelled_one_way() -> None:
    assert set(BRAND_SPELLINGS).isdisjoint(MAKERS)
    assert set(BRAND_SPELLINGS.values()) <= set(MAKERS)
