"""Sealed reports: one pass into every format, the manifest last, and every kind of damage found."""

import asyncio
import csv
import hashlib
import io
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from openpyxl import load_workbook

from reintegration.exports.manifest import InvariantHeld, Manifest, ReportIdentity, SealBrokenError
from reintegration.exports.producer import ALL_FORMATS, ExportFormat, Source, export_table, export_tables
from reintegration.exports.sealing import Seal, verify_sealed
from reintegration.exports.tables import Batch, CellError, Column, ColumnKind, ColumnRole, Table, TableTotals
from reintegration.kernel.canonical import canonical_json, digest
from reintegration.kernel.money import Money
from reintegration.storage.client import ObjectStore
from reintegration.storage.errors import ObjectConflictError
from reintegration.storage.multipart import PART_BYTES, MultipartSink

PAYMENTS = Table(
    "payments",
    (
        Column("case", ColumnKind.TEXT, "case reference"),
        Column("fund", ColumnKind.TEXT, "fund", ColumnRole.FUND),
        Column("amount", ColumnKind.MONEY, "paid", ColumnRole.SUMMED),
    ),
)
FIGURES = Table("figures", (Column("indicator", ColumnKind.TEXT, "code"), Column("value", ColumnKind.INTEGER, "persons")))
BATCHES: list[Batch] = [
    [["C-1", "AMIF", Money(10_00, "EUR")], ["=C-2", "AMIF", Money(5, "EUR")]],
    [["C-3", "national", Money(700, "BRL")]],
]
SOFTWARE = "reintegration 0.1.0"


def identity(position: str | None = None) -> ReportIdentity:
    """A report that no other test makes: the bucket is shared."""
    return ReportIdentity("payments_ledger", "1", position or uuid4().hex, {"year": 2023, "office": "TBS"})


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def served(batches: list[Batch]) -> AsyncIterator[Batch]:
    for batch in batches:
        yield batch


async def sealed(store: ObjectStore, what: ReportIdentity, folder: Path, software: str = SOFTWARE) -> Seal:
    """Both files, and the manifest."""
    seal = Seal(store, what, software)
    await export_table(seal, Source(PAYMENTS, served(BATCHES)), scratch_dir=folder)
    await seal.close()
    return seal


async def replace_object(store: ObjectStore, key: str, data: bytes) -> None:
    """What somebody with the bucket's keys could do behind our back."""
    await store.call(key, lambda client: client.put_object(Bucket=store.address.bucket, Key=key, Body=data))


async def remove_object(store: ObjectStore, key: str) -> None:
    await store.call(key, lambda client: client.delete_object(Bucket=store.address.bucket, Key=key))  # type: ignore[attr-defined]  # the product never deletes


async def test_a_report_is_files_and_a_manifest_that_adds_up(object_store: ObjectStore, tmp_path: Path) -> None:
    what = identity()
    seal = Seal(object_store, what, SOFTWARE)
    done: list[int] = []

    async def progress(rows: int) -> None:
        done.append(rows)

    totals = await export_table(seal, Source(PAYMENTS, served(BATCHES)), scratch_dir=tmp_path, progress=progress)
    assert await object_store.exists(seal.manifest_key) is False
    seal.asked([InvariantHeld("postings_balance", 0)])
    report = await seal.close()
    assert done == [2, 3]

    prefix = f"reports/payments_ledger/1/{what.position}/{digest({'office': 'TBS', 'year': 2023})}"
    stored = await object_store.get(f"{prefix}/manifest.json")
    assert hashlib.sha256(stored).hexdigest() == report.manifest_sha256
    files = {name: await object_store.get(f"{prefix}/{name}") for name in ("payments.csv", "payments_ledger.xlsx")}
    table = {
        "name": "payments",
        "rows": 3,
        "sums": [
            {"column": "amount", "fund": "AMIF", "currency": "EUR", "amount": "10.05"},
            {"column": "amount", "fund": "national", "currency": "BRL", "amount": "7.00"},
        ],
    }
    media_types = {
        "payments.csv": "text/csv; charset=utf-8",
        "payments_ledger.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    assert orjson.loads(stored) == {
        "manifest_version": 2,
        "produced_by": SOFTWARE,
        "invariants": [{"name": "postings_balance", "violations": 0}],
        "identity": {
            "report_kind": "payments_ledger",
            "definition_version": "1",
            "position": what.position,
            "parameters": {"year": 2023, "office": "TBS"},
        },
        "files": [
            {
                "name": name,
                "key": f"{prefix}/{name}",
                "media_type": media_types[name],
                "size_bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
                "tables": [table],
            }
            for name, data in files.items()
        ],
    }
    assert totals == report.manifest.files[0].tables[0]
    lines = list(csv.reader(io.StringIO(files["payments.csv"].decode("utf-8-sig"), newline="")))
    assert lines == [
        ["case", "fund", "amount"],
        ["C-1", "AMIF", "10.00"],
        ["'=C-2", "AMIF", "0.05"],
        ["C-3", "national", "7.00"],
    ]
    sheet = load_workbook(io.BytesIO(files["payments_ledger.xlsx"]))["payments"]
    assert [[str(cell) for cell in row] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        ["C-1", "AMIF", "10.0"],
        ["=C-2", "AMIF", "0.05"],
        ["C-3", "national", "7.0"],
    ]
    assert (await verify_sealed(object_store, seal.manifest_key, report.manifest_sha256)).to_bytes() == stored
    assert left_in(tmp_path) == []


async def test_several_tables_share_one_workbook(object_store: ObjectStore, tmp_path: Path) -> None:
    seal = Seal(object_store, ReportIdentity("indicators", "2", uuid4().hex), SOFTWARE)
    sources = [Source(PAYMENTS, served(BATCHES)), Source(FIGURES, served([[["O.3.3", 12]], []]))]
    totals = await export_tables(seal, sources, ALL_FORMATS, scratch_dir=tmp_path)
    manifest = (await seal.close()).manifest
    assert [(file.name, [table.name for table in file.tables]) for file in manifest.files] == [
        ("figures.csv", ["figures"]),
        ("indicators.xlsx", ["payments", "figures"]),
        ("payments.csv", ["payments"]),
    ]
    assert totals[1] == TableTotals("figures", 1, ())
    await verify_sealed(object_store, seal.manifest_key)


@pytest.mark.parametrize(("form", "name"), [(ExportFormat.CSV, "payments.csv"), (ExportFormat.XLSX, "payments_ledger.xlsx")])
async def test_one_format_alone(object_store: ObjectStore, tmp_path: Path, form: ExportFormat, name: str) -> None:
    seal = Seal(object_store, identity(), SOFTWARE)
    totals = await export_table(seal, Source(PAYMENTS, served(BATCHES)), frozenset({form}), scratch_dir=tmp_path)
    assert totals.rows == 3
    assert [file.name for file in (await seal.close()).manifest.files] == [name]


async def test_an_empty_report_is_a_report(object_store: ObjectStore, tmp_path: Path) -> None:
    seal = Seal(object_store, identity(), SOFTWARE)
    assert await export_table(seal, Source(PAYMENTS, served([])), scratch_dir=tmp_path) == TableTotals("payments", 0, ())
    await seal.close()
    await verify_sealed(object_store, seal.manifest_key)


async def test_the_same_identity_again_gives_the_same_bytes(object_store: ObjectStore, tmp_path: Path) -> None:
    what = identity()
    first = await sealed(object_store, what, tmp_path)
    report = await first.existing()
    assert report is not None
    again = await sealed(object_store, what, tmp_path)
    assert await again.existing() == report
    newer = await sealed(object_store, what, tmp_path, software="reintegration 9.9.9")
    assert await newer.existing() == report
    assert report.manifest.produced_by == SOFTWARE


async def test_a_run_that_died_before_its_manifest_is_completed_by_the_next(object_store: ObjectStore, tmp_path: Path) -> None:
    what = identity()
    died = Seal(object_store, what, SOFTWARE)
    await export_table(died, Source(PAYMENTS, served(BATCHES)), frozenset({ExportFormat.CSV}), scratch_dir=tmp_path)
    assert await Seal(object_store, what, SOFTWARE).existing() is None
    await sealed(object_store, what, tmp_path)
    await verify_sealed(object_store, died.manifest_key)


async def test_other_rows_under_the_same_identity_are_refused(object_store: ObjectStore, tmp_path: Path) -> None:
    what = identity()
    await sealed(object_store, what, tmp_path)
    other = Seal(object_store, what, SOFTWARE)
    with pytest.raises(ObjectConflictError, match=r"payments\.csv already holds other content"):
        await export_table(other, Source(PAYMENTS, served(BATCHES[:1])), scratch_dir=tmp_path)
    with pytest.raises(ObjectConflictError, match=r"manifest\.json already holds other content"):
        await Seal(object_store, what, SOFTWARE).close()
    await verify_sealed(object_store, other.manifest_key)


@pytest.mark.parametrize("name", ["payments.csv", "payments_ledger.xlsx"])
async def test_damage_to_a_file_is_found(object_store: ObjectStore, tmp_path: Path, name: str) -> None:
    seal = await sealed(object_store, identity(), tmp_path)
    key = seal.identity.key(name)
    whole = await object_store.get(key)
    changed = whole.replace(b"10.00", b"90.00") if name.endswith("csv") else whole[:-1] + b"\x01"
    for data, reason in (
        (whole[:-1], f"{key}: has {len(whole) - 1} bytes instead of {len(whole)}"),
        (b"", f"{key}: has 0 bytes instead of {len(whole)}"),
        (changed, f"{key}: was altered: its SHA-256 is another"),
    ):
        await replace_object(object_store, key, data)
        with pytest.raises(SealBrokenError) as caught:
            await verify_sealed(object_store, seal.manifest_key)
        assert str(caught.value) == reason
    await remove_object(object_store, key)
    with pytest.raises(SealBrokenError, match="is missing"):
        await verify_sealed(object_store, seal.manifest_key)
    with pytest.raises(SealBrokenError, match="is missing"):
        await seal.existing()


async def test_a_manifest_of_before_invariants_still_holds(object_store: ObjectStore, tmp_path: Path) -> None:
    seal = await sealed(object_store, identity(), tmp_path)
    document = orjson.loads(await object_store.get(seal.manifest_key))
    del document["invariants"]
    old = canonical_json({**document, "manifest_version": 1})
    await replace_object(object_store, seal.manifest_key, old)
    manifest = await verify_sealed(object_store, seal.manifest_key, hashlib.sha256(old).hexdigest())
    assert (manifest.manifest_version, manifest.invariants) == (1, ())


async def test_damage_to_the_manifest_is_found(object_store: ObjectStore, tmp_path: Path) -> None:
    seal = await sealed(object_store, identity(), tmp_path)
    key = seal.manifest_key
    whole = await object_store.get(key)
    document = orjson.loads(whole)
    elsewhere = {**document, "files": [{**document["files"][0], "key": "reports/other/1/1/x/payments.csv"}]}
    for data, reason in (
        (whole[:-2], "is not a manifest"),
        (b"", "is not a manifest"),
        (whole + b"\n", "is not a manifest in its canonical form"),
        (canonical_json({**document, "note": "more"}), "is not a manifest in its canonical form"),
        (canonical_json({**document, "manifest_version": 3}), "is not a manifest in its canonical form"),
        (canonical_json(elsewhere), "names objects of another report"),
    ):
        await replace_object(object_store, key, data)
        with pytest.raises(SealBrokenError) as caught:
            await verify_sealed(object_store, key)
        assert caught.value.reason == reason
    # Fewer files, and well-formed: only the digest that the database keeps can tell.
    await replace_object(object_store, key, canonical_json({**document, "files": document["files"][:1]}))
    with pytest.raises(SealBrokenError, match="is not the manifest that was sealed"):
        await verify_sealed(object_store, key, hashlib.sha256(whole).hexdigest())
    await remove_object(object_store, key)
    with pytest.raises(SealBrokenError, match="is missing"):
        await verify_sealed(object_store, key)


async def test_a_failing_source_leaves_no_manifest_and_no_file(object_store: ObjectStore, tmp_path: Path) -> None:
    async def failing() -> AsyncIterator[Batch]:
        yield BATCHES[0]
        raise RuntimeError("the snapshot was lost")

    seal = Seal(object_store, identity(), SOFTWARE)
    with pytest.raises(RuntimeError, match="the snapshot was lost"):
        await export_table(seal, Source(PAYMENTS, failing()), scratch_dir=tmp_path)
    with pytest.raises(CellError):
        await export_table(seal, Source(PAYMENTS, served([[["C-1", "AMIF", 5]]])), scratch_dir=tmp_path)
    for name in ("payments.csv", "payments_ledger.xlsx", "manifest.json"):
        assert await object_store.exists(f"{seal.identity.prefix}/{name}") is False
    assert left_in(tmp_path) == []


async def test_cancelling_leaves_nothing(object_store: ObjectStore, tmp_path: Path) -> None:
    started = asyncio.Event()

    async def endless() -> AsyncGenerator[Batch]:
        while True:
            yield [*BATCHES[0]] * 500
            started.set()

    seal = Seal(object_store, identity(), SOFTWARE)
    async with aclosing(endless()) as rows:
        task = asyncio.create_task(export_table(seal, Source(PAYMENTS, rows), scratch_dir=tmp_path))
        await started.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await object_store.exists(seal.identity.key("payments.csv")) is False
    assert left_in(tmp_path) == []


class ObservedSeal(Seal):
    """Keeps the sinks, to ask them afterwards."""

    def __init__(self, store: ObjectStore, what: ReportIdentity) -> None:
        super().__init__(store, what, SOFTWARE)
        self.sinks: list[MultipartSink] = []

    def sink(self, file_name: str, media_type: str) -> MultipartSink:
        self.sinks.append(super().sink(file_name, media_type))
        return self.sinks[-1]


async def test_two_hundred_thousand_rows_pass_through_little_memory(object_store: ObjectStore, tmp_path: Path) -> None:
    """Rows are asked for batch by batch, and what waits for S3 is never more than three parts."""
    notes = Table("notes", (Column("number", ColumnKind.INTEGER, ""), Column("note", ColumnKind.TEXT, "")))
    asked = 0

    async def many() -> AsyncIterator[Batch]:
        nonlocal asked
        for start in range(0, 200_000, 5_000):
            asked += 1
            yield [[number, f"{number:0180d}"] for number in range(start, start + 5_000)]

    behind: list[int] = []

    async def progress(rows: int) -> None:
        behind.append(asked - rows // 5_000)

    seal = ObservedSeal(object_store, identity())
    totals = await export_table(seal, Source(notes, many()), scratch_dir=tmp_path, progress=progress)
    manifest = (await seal.close()).manifest
    lines, book = manifest.files
    assert (totals.rows, len(behind), set(behind)) == (200_000, 40, {0})
    assert lines.size_bytes > 4 * PART_BYTES
    assert [sink.peak_buffered_bytes <= 3 * PART_BYTES for sink in seal.sinks] == [True, True]
    digested = await object_store.digest(lines.key)
    assert (digested.sha256, digested.size_bytes) == (lines.sha256, lines.size_bytes)
    with zipfile.ZipFile(io.BytesIO(await object_store.get(book.key))) as archive:
        assert archive.read("xl/worksheets/sheet1.xml").count(b"<row ") == 200_001


def test_an_identity_can_not_leave_its_folder() -> None:
    for wrong in ("", "..", "a/b", "a b", "é", "x" * 65):
        with pytest.raises(ValueError, match="can't be part of a report's key"):
            ReportIdentity("kind", "1", wrong)
        with pytest.raises(ValueError, match="can't be part of a report's key"):
            identity().key(wrong)


def test_a_file_name_is_used_once(object_store: ObjectStore) -> None:
    seal = Seal(object_store, identity(), SOFTWARE)
    with pytest.raises(ValueError, match="the manifest is written by close"):
        seal.sink("manifest.json", "application/json")


def test_the_manifest_survives_the_round_trip() -> None:
    manifest = Manifest(identity("7"), (), SOFTWARE)
    assert Manifest.parse(identity("7").key("manifest.json"), manifest.to_bytes()).to_bytes() == manifest.to_bytes()
