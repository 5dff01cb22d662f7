"""The results of a rulebook's tests in the XML of JUnit, which CI servers read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from proxy.reports import SKIPPED, failure_lines
from rules.run_tests import Result

# What XML 1.0 has no way to say (§2.2, Char).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(suite: str, results: Sequence[Result]) -> bytes:
    """One suite of test cases, each under the file that it stands in."""
    counts = {
        "tests": str(len(results)),
        "failures": str(sum(result.failed for result in results)),
        "skipped": str(sum(result.skipped and not result.failed for result in results)),
    }
    root = Xml.Element("testsuites", counts)
    cases = Xml.SubElement(root, "testsuite", {"name": _said(suite), **counts})
    for result in results:
        position = result.test.position
        place = {"classname": _said(position.file), "file": _said(position.file), "line": str(position.line)}
        case = Xml.SubElement(cases, "testcase", {"name": _said(result.test.name), **place})
        if result.failed:
            lines = [*map(_said, failure_lines(result))]
            Xml.SubElement(case, "failure", {"message": lines[0]}).text = "\n".join(lines)
        elif result.skipped:
            Xml.SubElement(case, "skipped", {"message": SKIPPED})
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _said(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
