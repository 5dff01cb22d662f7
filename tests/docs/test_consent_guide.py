"""What docs/consent.md says of presets and settings is what the code has."""

from __future__ import annotations

import re
import tomllib

from proxy.settings.model import Settings
from proxy.settings.values import CONSENT_PRESETS, ConsentSource
from proxy.visitor.identity import HTTPS_NAME, PLAIN_NAME
from proxy.visitor.keys import KEY_FILE, MIN_KEY_BYTES
from tests.docs.fences import ROOT

GUIDE = (ROOT / "docs/consent.md").read_text(encoding="utf-8")
ROWS = {row[0]: row[1:] for row in re.findall(r"(?m)^\| `([a-z-]+)`[^|]* \| ([^|]+) \| ([^|]+) \|", GUIDE)}


def test_every_source_of_consent_is_told() -> None:
    assert ROWS.keys() - {"consent"} == {*ConsentSource}


def test_every_presets_cookie_and_category_are_told() -> None:
    for source, (cookie, category) in CONSENT_PRESETS.items():
        assert f"`{cookie}`" in ROWS[source][0]
        assert f"`{category}`" in ROWS[source][1]


def test_every_example_of_settings_can_be_used() -> None:
    examples = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert [Settings.model_validate({"origin": "http://a", **tomllib.loads(each)}).consent for each in examples] == [
        "onetrust",
        "onetrust",
        "cookie",
    ]


def test_names_and_numbers_are_those_of_the_code() -> None:
    days = Settings.model_fields["visitor_days"].default
    for words in (f"`{PLAIN_NAME.decode()}`", f"`{HTTPS_NAME.decode()}`", f"/{KEY_FILE}`", f"{MIN_KEY_BYTES} bytes"):
        assert words in GUIDE
    assert f"`visitor_days`, {days} if left out" in GUIDE
