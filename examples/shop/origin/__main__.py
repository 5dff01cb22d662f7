"""`python -m examples.shop.origin --port 9000`: the shop, on this machine."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

import uvicorn

from examples.shop.origin.app import make_app
from examples.shop.origin.store import Store


def main() -> None:
    """Serve until a signal ends it. Without `--folder` the database lasts as long as the process."""
    parser = argparse.ArgumentParser(prog="python -m examples.shop.origin", description="The shop Fjell & Fjord.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--folder", type=Path, help="keep the database (carts, orders) here")
    options = parser.parse_args()
    # uvicorn raises the signal that ended it once more: as an exit it leaves no folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory(prefix="fjell-fjord-") as passing:
        folder: Path = options.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        with Store(folder / "shop.sqlite3") as store:
            uvicorn.run(make_app(store), host=options.host, port=options.port, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
