"""Fixtures of the report tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.exports.running import ReportResources
from reintegration.storage.address import ObjectStoreAddress
from tests import builders
from tests.exports import caseload
from tests.exports.places import own_bucket


@pytest.fixture
async def report_work(fresh_database: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    async with builders.open_work(fresh_database) as opened:
        await caseload.load(opened)
        yield opened


@pytest.fixture
async def resources(
    report_work: UnitOfWork, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> AsyncIterator[ReportResources]:
    async with own_bucket(object_store_address) as store:
        yield ReportResources(report_work, store, tmp_path / "scratch", "reintegration 0.1.0")
