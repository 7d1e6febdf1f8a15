"""A person at a terminal sees whole lines: what is logged never shares one with a bar."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PROGRAM = """
import time
import structlog
from reintegration.progress import progress
from reintegration.telemetry import configure_logging

configure_logging(is_production=False)
log = structlog.get_logger("reintegration.test")
with progress("Making and sealing the reports", 3) as advance:
    for number in range(3):
        time.sleep(0.3)
        log.info(f"report {number} finished")
        advance(1)
log.info("afterwards")
"""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _seen(terminal: int) -> str:
    told = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # how Linux tells that nobody writes any more
            break
        if not part:
            break
        told += part
    return told.decode()


def test_log_lines_and_a_bar_have_lines_of_their_own() -> None:
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm", "COLUMNS": "130"}
    with subprocess.Popen([sys.executable, "-c", _PROGRAM], stderr=theirs, env=environment) as process:  # noqa: S603 - our own program
        os.close(theirs)
        text = _CONTROL.sub("", _seen(ours))
    os.close(ours)
    assert process.returncode == 0
    lines = [line.rpartition("\r")[2] for line in text.replace("\r\n", "\n").split("\n")]
    logged = [line for line in lines if "finished" in line or "afterwards" in line]
    assert len(logged) == 4
    assert [line for line in logged if "Making" in line or not re.match(r"\d{4}-\d\d-\d\dT", line)] == []
    assert any("Making and sealing the reports" in line and "3/3" in line for line in lines)
