"""`python -m examples.demo [shop|saas|wagtail]`: an example's site, Tailor in front of it, and a table of visitors.

Words after the name go to the site: `python -m examples.demo wagtail --folder data/garden` keeps what its editors do.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from examples.saas.visitors import SAAS
from examples.shop.visitors import SHOP
from examples.stage import Demo, EndedError, choose_ports, run
from examples.wagtail.visitors import WAGTAIL

DEMOS = {demo.folder: demo for demo in (SHOP, SAAS, WAGTAIL)}


def main(words: Sequence[str]) -> int:
    """Run the demo that the first word names; returns its exit code."""
    name, *options = words or (SHOP.folder,)
    demo: Demo | None = DEMOS.get(name)
    if demo is None:
        print(f"There is no example {name!r} (name one of: {', '.join(DEMOS)}).", file=sys.stderr)
        return 2
    try:
        return asyncio.run(run(demo, choose_ports(), options, lambda text: print(text, flush=True)))
    except EndedError as error:
        print(f"The demo can't start: {error}.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
