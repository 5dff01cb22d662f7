"""`python -m examples.wagtail.origin --port 9000`: the garden's site, on this machine."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

EDITOR = "editor"
PASSWORD = "almswood"  # noqa: S105 - of a made-up site on this machine, and told in its README


def make_app() -> ASGIApp:
    """The site as an ASGI app: Django's, behind the two folders of files that a web server would have."""
    import django
    from django.conf import settings
    from django.core.asgi import get_asgi_application
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)

    from examples.wagtail.origin.seed import plant

    plant(EDITOR, PASSWORD)
    settings.MEDIA_ROOT.mkdir(exist_ok=True)
    with_static = [app for app in settings.INSTALLED_APPS if _has_static(app)]
    return Starlette(
        routes=[
            Mount("/static", StaticFiles(packages=[(app, "static") for app in with_static])),
            Mount("/media", StaticFiles(directory=settings.MEDIA_ROOT)),
            Mount("/", get_asgi_application()),
        ]
    )


def _has_static(app: str) -> bool:
    spec = find_spec(app)
    return spec is not None and spec.origin is not None and (Path(spec.origin).parent / "static").is_dir()


def main() -> None:
    """Serve until a signal ends it. Without `--folder`, pages and pictures last as long as the process."""
    parser = argparse.ArgumentParser(prog="python -m examples.wagtail.origin", description="Almswood Botanic Garden.")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--folder", type=Path, help="keep the database and the pictures here")
    options = parser.parse_args()
    # uvicorn raises the signal that ended it once more: as an exit it leaves no folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory(prefix="almswood-") as passing:
        folder: Path = (options.folder or Path(passing)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        os.environ |= {"DJANGO_SETTINGS_MODULE": "examples.wagtail.origin.settings", "ALMSWOOD_FOLDER": str(folder)}
        uvicorn.run(make_app(), host="127.0.0.1", port=options.port, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
