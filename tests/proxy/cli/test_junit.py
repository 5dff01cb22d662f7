from pathlib import Path
from xml.etree import ElementTree as ET

from proxy.cli.junit import junit_xml
from rules.run_tests import run_tests
from tests.rules.reading import NOON, rulebook

TEXT = r"""
experiences: {a: {pages: /, who: {geo.country: NO}, change: [{select: h1, text: Hi}]}}
tests:
  - {name: passes, visit: {page: /}, hides: a}
  - {name: "<fails> \x01 & is told", visit: {page: /}, shows: a}
"""


def test_each_test_is_a_case_and_a_failure_says_why(tmp_path: Path) -> None:
    root = ET.fromstring(junit_xml("rules", run_tests(rulebook(tmp_path, TEXT), NOON)))  # noqa: S314
    (suite,) = root
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("rules", "2", "1")
    passed, failed = suite
    assert (passed.get("name"), passed.get("line"), len(passed)) == ("passes", "4", 0)
    # XML has no way to say U+0001.
    assert failed.get("name") == "<fails> \N{REPLACEMENT CHARACTER} & is told"
    assert failed[0].get("message") == "shows a: unknown, by geo.country: NO (saw no value)"
