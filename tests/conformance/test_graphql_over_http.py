"""The npm package graphql-http audits the application: GraphQL over HTTP as the specification has it, 61 of 61."""

import asyncio
import json
from pathlib import Path

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.storage.address import ObjectStoreAddress
from reintegration.web_assets import PackagesUnavailableError, install_packages, node_command
from tests.http_client import running

ROOT = Path(__file__).parents[2]
_HERE = Path(__file__).parent
_CHECKS = 61


@pytest.fixture(scope="session")
def modules() -> Path:
    """The audit's packages; without a network, and for no other reason, they may be missing."""
    try:
        return install_packages(_HERE, ROOT / ".data")
    except PackagesUnavailableError as error:
        if not error.is_offline:
            raise
        pytest.skip(f"no network: graphql-http's audit has not run, its two npm packages are not here ({error})")


async def audit(modules: Path, url: str, authorization: str) -> list[dict[str, str | None]]:
    """Every check of the audit that isn't "ok"; there must be 61 in all."""
    command = [*node_command(), str(_HERE / "audit.cjs"), str(modules), url, authorization]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await asyncio.wait_for(process.communicate(), timeout=120)
    checks = [json.loads(line) for line in output.splitlines()]
    assert (process.returncode, len(checks)) == (0, _CHECKS)
    return [check for check in checks if check["status"] != "ok"]


async def test_the_application_passes_the_audit(
    modules: Path, database_urls: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    async with running(database_urls, object_store_address, tmp_path) as server:
        authorization = f"Bearer {server.token(Role.AUDITOR)}"
        assert await audit(modules, f"{server.url}/graphql", authorization) == []
