"""Other programs, as tests and benchmarks start them: what they inherit, use, where they listen, and how they end."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def plain_environment() -> dict[str, str]:
    """This process's environment, without what could set Tailor up otherwise than a test says."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TAILOR_")}


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def cpu_seconds(process: int) -> float:
    """What a process has used so far, in the program and in the kernel (proc(5): utime and stime)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(process: int) -> int:
    """What of a process' memory is in RAM."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def end(process: subprocess.Popen[Any], seconds: float) -> None:
    """Ask a process to end, and wait for it; one that doesn't in time is killed."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def rewritten(file: Path, replaced: Mapping[str, str]) -> str:
    """A file that is documented, with places of the test's own; each of them has to stand in it."""
    written = file.read_text(encoding="utf-8")
    for old, new in replaced.items():
        assert old in written, f"{old!r} is not in {file.name} any more"
        written = written.replace(old, new)
    return written


def whole_nginx(folder: Path) -> str:
    """What a distribution's own nginx.conf would hold, around a `site.conf` in that folder."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""  # else its workers could not look into our folders
    return f"""
daemon off;
worker_processes 1;
error_log stderr notice;
pid {folder}/nginx.pid;
{user}
events {{ }}
http {{
    access_log off;
    {temporary}
    include {folder}/site.conf;
}}
"""
