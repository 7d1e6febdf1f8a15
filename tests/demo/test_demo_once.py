"""The main job as a newcomer runs it: a process of its own, embedded servers, published figures, sealed files that agree."""

import asyncio
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from reintegration.audit.invariants import INVARIANTS
from reintegration.exports.sealing import verify_sealed
from reintegration.storage.client import ObjectStore
from reintegration.storage.embedded import EmbeddedObjectStore
from tests.exports.places import versions

_TIMEOUT_S = 900

_EXPECTED = {
    "year": 2023,
    "returned": 2952,
    "dublin_excluded": 155,
    "supported": 2066,
    "supported_percent": 70.0,
    "change_percent": 10,
    "previous_year": {"year": 2022, "returned": 2673, "supported": 1970, "supported_percent": 73.7},
}


def _environment(data_dir: Path) -> dict[str, str]:
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "S3_", "AWS_", "OIDC_", "REINTEGRATION_"))
    }
    return {**own, "REINTEGRATION_DATA_DIR": str(data_dir)}


def _once(data_dir: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reintegration", "demo", "--once"],
        env=_environment(data_dir),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )


def _demo(data_dir: Path) -> dict[str, object]:
    done = _once(data_dir)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "warning" not in done.stderr
    printed: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return printed


def _told_to_stop(data_dir: Path, when: str, number: signal.Signals) -> int:
    """The exit status of a demo that gets the signal once it has said `when`."""
    with subprocess.Popen(
        [sys.executable, "-m", "reintegration", "demo"],
        env=_environment(data_dir),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = iter(process.stdout.readline, "")
        assert any(when in line for line in said)
        process.send_signal(number)
        process.communicate(timeout=_TIMEOUT_S)
    return process.returncode


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def first(data_dir: Path) -> dict[str, object]:
    """What the first run printed."""
    return _demo(data_dir)


def test_the_demo_reproduces_the_published_years_and_a_second_run_makes_no_second_report(
    data_dir: Path, first: dict[str, object]
) -> None:
    assert {name: first[name] for name in _EXPECTED} == _EXPECTED
    second = _demo(data_dir)
    assert second == first
    with EmbeddedObjectStore(data_dir) as address:
        asyncio.run(_files_agree(first, ObjectStore(address)))


@pytest.mark.parametrize(
    ("when", "number", "status"),
    [
        ("Ctrl-C stops everything", signal.SIGTERM, 0),
        ("Loading the demo caseload", signal.SIGINT, 130),
    ],
)
@pytest.mark.usefixtures("first")
def test_told_to_stop_it_was_done_if_it_served_and_interrupted_if_not(
    data_dir: Path, when: str, number: signal.Signals, status: int
) -> None:
    assert _told_to_stop(data_dir, when, number) == status


@pytest.mark.usefixtures("first")
def test_a_bucket_that_lost_what_was_sealed_is_named_in_one_line(data_dir: Path) -> None:
    shutil.rmtree(data_dir / "objects")
    done = _once(data_dir)
    assert (done.returncode, done.stdout) == (1, "")
    *_, last = done.stderr.splitlines()
    assert re.fullmatch(
        r"reintegration: the report amif_indicators was sealed before, and the bucket reintegration at http://127\.0\.0\.1:\d+ no"
        r" longer holds what was sealed: give this database its bucket back, or start with a new database",
        last,
    )
    assert "Traceback" not in done.stderr


async def _files_agree(printed: dict[str, object], store: ObjectStore) -> None:
    reports = printed["reports"]
    assert isinstance(reports, dict)
    assert set(reports) == {"amif_indicators", "payments_ledger", "programme_statistics"}
    async with store:
        # Each object was written once, although the demo ran twice.
        written = await versions(store, "reports/")
        assert {key: count for key, count in written.items() if count != 1} == {}
        assert len(written) == sum(len(report["files"]) + 1 for report in reports.values())
        for kind, report in reports.items():
            manifest = await verify_sealed(store, report["manifest_key"])
            assert {held.name: held.violations for held in manifest.invariants} == {one.name: 0 for one in INVARIANTS}
            assert {file.name: file.sha256 for file in manifest.files} == {
                name: file["sha256"] for name, file in report["files"].items()
            }
            workbook = openpyxl.load_workbook(io.BytesIO(await store.get(report["files"][f"{kind}.xlsx"]["key"])), read_only=True)
            for file in manifest.files:
                if not file.name.endswith(".csv"):
                    continue
                table = file.name.removesuffix(".csv")
                rows = list(csv.reader(io.StringIO((await store.get(file.key)).decode("utf-8-sig"), newline="")))
                sheet = list(workbook[table].iter_rows(values_only=True))
                assert len(rows) == len(sheet) == file.tables[0].rows + 1
                assert rows[0] == list(sheet[0])
                for row, cells in zip(rows[1:30], sheet[1:30], strict=True):
                    assert [_empty(text) for text in row] == [_empty(cell) for cell in cells]
        key = printed["report_key"]
        assert isinstance(key, str)
        assert (await store.digest(key)).sha256 == printed["report_sha256"]
        assert printed["manifest_key"] == reports["amif_indicators"]["manifest_key"]


def _empty(cell: object) -> bool:
    return cell is None or cell == ""
