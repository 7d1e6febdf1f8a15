"""The oldest PostgreSQL that we promise: migrated, loaded and held to the law there too, where the machine has one."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.embedded_binaries import Runner, choose_runner, run
from reintegration.database.migrate import migrate, read_migrations
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.kernel.actor import Role
from reintegration.kernel.ids import new_id
from reintegration.ledger import errors
from reintegration.ledger.errors import NotEnoughLeftError
from reintegration.ledger.flows import reserve
from reintegration.ledger.posting import post
from reintegration.programme.loading import load_reference
from tests.builders import CAMEROON, OFFICER, SYSTEM, actor
from tests.database.law_case import BUDGET_MINOR, PAID, a_law_case
from tests.database.schema_text import schema_text

_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def binaries() -> Path | None:
    """The programs of a PostgreSQL 15 on this machine."""
    on_path = shutil.which("postgres")
    candidates = [Path("/usr/lib/postgresql/15/bin"), *([Path(on_path).resolve().parent] if on_path else [])]
    for folder in candidates:
        program = folder / "postgres"
        if program.exists() and (folder / "initdb").exists():
            version = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - found above
            if " 15." in version:
                return folder
    return None


FOUND = binaries()
pytestmark = [
    pytest.mark.skipif(FOUND is None, reason="this machine has no PostgreSQL 15 server; the embedded one is tested everywhere"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of version 15 on loopback, thrown away afterwards."""
    assert FOUND is not None
    folder = tmp_path_factory.mktemp("postgresql15")
    for part in (folder, folder.parent):
        part.chmod(0o755)
    cluster = folder / "cluster"
    cluster.mkdir(mode=0o700)
    runner: Runner = choose_runner(FOUND, folder, cluster)
    runner.own(cluster)
    password = folder / "password"
    password.write_text("for-this-test-alone")
    runner.own(password)
    options = [
        "--username=postgres",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]
    run([*runner.prefix, str(FOUND / "initdb"), "-D", str(cluster), *options], _ENVIRONMENT, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
    flags = [part for name, setting in settings.items() for part in ("-c", f"{name}={setting}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - the program found above
            [*runner.prefix, str(FOUND / "postgres"), "-D", str(cluster), *flags],
            env=_ENVIRONMENT,
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(port, server)
        yield f"postgresql://postgres:for-this-test-alone@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("PostgreSQL 15 did not start")


@pytest.fixture(scope="module")
async def addresses(url: str) -> DatabaseAddresses:
    """Migrated and loaded, with a login as a site would make it."""
    connection = await connected(url)
    try:
        await connection.execute("create database fifteen")
    finally:
        await connection.close()
    owner = f"{url.rpartition('/')[0]}/fifteen"
    assert await migrate(owner) == len(read_migrations())
    assert await migrate(owner) == 0
    assert await load_reference(owner) > 0
    connection = await asyncpg.connect(owner)
    try:
        await connection.execute("create role site login noinherit password 'for-this-test-alone'")
        await connection.execute("grant reintegration_app, reintegration_auditor to site")
    finally:
        await connection.close()
    return DatabaseAddresses(owner_url=owner, application_url=owner.replace("postgres:for", "site:for"))


async def connected(url: str) -> asyncpg.Connection:
    """The port is open a moment before the server lets anybody in."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return await asyncpg.connect(url)
        except (asyncpg.CannotConnectNowError, OSError):
            if time.monotonic() > deadline:
                raise


async def test_it_is_version_15(addresses: DatabaseAddresses) -> None:
    connection = await asyncpg.connect(addresses.owner_url)
    try:
        assert connection.get_server_version().major == 15
    finally:
        await connection.close()


async def test_the_schema_is_the_one_of_the_embedded_server(
    addresses: DatabaseAddresses, database_urls: DatabaseAddresses
) -> None:
    assert await schema_text(addresses.owner_url) == await schema_text(database_urls.superuser_url)


async def test_names_have_the_same_normal_forms_there(addresses: DatabaseAddresses, database_urls: DatabaseAddresses) -> None:
    """Its letters come from ICU, those of later versions from PostgreSQL itself."""
    names = ["Straße ÉCOLE", "ΟΔΟΣ", "İSTANBUL ısı Iğdır", "«РОМАШКА-1», ХХК.", "ＡＢＣ ﬁ №5", "Მზე შპს", "ԵՒ և", "النور ذ.م.م"]  # noqa: RUF001 - scripts
    found = []
    for address in (addresses.owner_url, database_urls.owner_url):
        connection = await asyncpg.connect(address)
        try:
            found.append(await connection.fetchval("select array(select plain_words(n) from unnest($1::text[]) as n)", names))
        finally:
            await connection.close()
    assert found[0] == found[1]


async def test_row_security_ledger_and_log_hold_there_too(addresses: DatabaseAddresses) -> None:
    pool = await open_pool(addresses.application_url, max_size=2)
    try:
        work = UnitOfWork(pool, errors.CONSTRAINTS)
        case = await work.write(SYSTEM, a_law_case)
        for who, expected in ((OFFICER, 1), (actor(Role.FIELD_OFFICER, office=CAMEROON), 0), (actor(Role.AUDITOR), 1)):
            async with work.read(who) as transaction:
                assert await transaction.fetch_value("select count(*) from cases where id = $1", case.id) == expected

        async def too_much(transaction: Transaction) -> None:
            await post(transaction, reserve(case.pot, payment_id=new_id(), occasion=1, amount_minor=BUDGET_MINOR + 1, on=PAID))

        with pytest.raises(NotEnoughLeftError):
            await work.write(SYSTEM, too_much)
        async with work.read(SYSTEM) as transaction:
            logged = "select count(*) from audit_log where table_name = 'cases' and row_id = $1"
            assert await transaction.fetch_value(logged, str(case.id)) == 4
    finally:
        await pool.close()
