"""`python -m examples.saas.origin --port 9000`: Evenday's site, on this machine."""

from __future__ import annotations

import argparse

import uvicorn

from examples.saas.origin.app import make_app


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m examples.saas.origin", description="The site of Evenday.")
    parser.add_argument("--port", type=int, default=9000)
    options = parser.parse_args()
    uvicorn.run(make_app(), host="127.0.0.1", port=options.port, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
