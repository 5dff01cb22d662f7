"""Which signals a text prints, and which it only asks for."""

from __future__ import annotations

import re

from rules.fragments import Fragment

_QUESTIONS = re.compile(r"\{%-?\s*(?:if|elif)\b.*?%\}", re.DOTALL)


def prints(fragment: Fragment, name: str) -> bool:
    """Whether it may stand on the page; one that is only asked for does not. In a file that is included it may."""
    written = fragment.source
    return name not in written or name in _QUESTIONS.sub("", written)
