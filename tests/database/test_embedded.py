"""The embedded PostgreSQL: durable, on loopback, shared, and able to outlive whoever started it."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses, EmbeddedPostgres, EmbeddedServerError
from reintegration.database.roles import RoleSetupError, ensure_roles

USER = """
import sys
from pathlib import Path
from reintegration.database.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.start().owner_url, flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One data folder for the module: unpacking and initialising once is what costs time."""
    folder = tmp_path_factory.mktemp("embedded")
    yield folder
    EmbeddedPostgres(folder).stop()


def user(data_dir: Path) -> "subprocess.Popen[str]":
    """Another process that uses the server until its input ends."""
    return subprocess.Popen(  # noqa: S603 - this interpreter and the text above
        [sys.executable, "-c", USER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )


def pid(data_dir: Path) -> int:
    return int((data_dir / "postgresql" / "cluster" / "postmaster.pid").read_text().partition("\n")[0])


def command_line(data_dir: Path) -> str:
    return Path(f"/proc/{pid(data_dir)}/cmdline").read_bytes().decode()


def is_running(data_dir: Path) -> bool:
    return (data_dir / "postgresql" / "cluster" / "postmaster.pid").exists()


async def value(url: str, query: str, *arguments: object) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query, *arguments)
    finally:
        await connection.close()


async def test_it_is_durable_and_reachable_on_loopback_alone(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as addresses:
        settings = [
            await value(addresses.owner_url, "select current_setting($1)", name)
            for name in (
                "fsync",
                "synchronous_commit",
                "full_page_writes",
                "listen_addresses",
                "unix_socket_directories",
                "TimeZone",
            )
        ]
        assert settings == ["on", "on", "on", "127.0.0.1", "", "UTC"]
        assert "@127.0.0.1:" in addresses.application_url
        assert addresses.of("other").application_url.endswith("/other")
    assert not is_running(data_dir)


async def test_the_server_signs_in_with_the_two_roles_it_needs_and_no_more(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as addresses:
        connection = await asyncpg.connect(addresses.application_url)
        try:
            roles = await connection.fetch(
                """
                select granted.rolname, held.inherit_option, held.set_option, held.admin_option
                from pg_auth_members held join pg_roles granted on granted.oid = held.roleid
                where held.member = current_user::regrole order by 1
                """
            )
            assert [tuple(row) for row in roles] == [
                ("reintegration_app", True, True, False),
                ("reintegration_auditor", False, True, False),
            ]
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("set role reintegration_owner")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("create table public.mine ()")
        finally:
            await connection.close()


async def test_passwords_are_in_a_private_file_and_in_no_command_line(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as addresses:
        file = data_dir / "postgresql" / "credentials.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        kept = json.loads(file.read_text())
        assert len({kept["superuser_password"], kept["server_password"]}) == 2
        command = command_line(data_dir)
        assert "listen_addresses=127.0.0.1" in command
        assert kept["superuser_password"] not in command
        assert kept["superuser_password"] not in repr(addresses)
        hashed = await value(addresses.owner_url, "select rolpassword from pg_authid where rolname = 'reintegration_server'")
        assert str(hashed).startswith("SCRAM-SHA-256$")


def test_the_last_user_stops_it(data_dir: Path) -> None:
    first, second = EmbeddedPostgres(data_dir), EmbeddedPostgres(data_dir)
    assert first.start().owner_url == second.start().owner_url
    server = pid(data_dir)
    first.stop()
    assert pid(data_dir) == server
    second.stop()
    assert not is_running(data_dir)
    second.stop()


async def test_what_was_committed_outlives_a_kill_of_the_server(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    try:
        addresses = server.start()
        await value(addresses.owner_url, "create table if not exists kept (number int)")
        await value(addresses.owner_url, "insert into kept values (1)")
        os.kill(pid(data_dir), signal.SIGKILL)
        restarted = EmbeddedPostgres(data_dir)
        assert await value(restarted.start().owner_url, "select count(*) from kept") == 1
        restarted.stop()
    finally:
        server.stop()
    assert not is_running(data_dir)


def test_a_pid_that_another_program_has_now_is_no_obstacle(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir):
        os.kill(pid(data_dir), signal.SIGKILL)
    file = data_dir / "postgresql" / "cluster" / "postmaster.pid"
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as other:
        file.write_text(f"{other.pid}\n{file.read_text().partition(chr(10))[2]}")
        with EmbeddedPostgres(data_dir):
            assert pid(data_dir) != other.pid
        assert other.poll() is None
        other.communicate()


def test_a_server_whose_starter_was_killed_is_found_and_stopped(data_dir: Path) -> None:
    with user(data_dir) as starter:
        assert starter.stdout is not None
        address = starter.stdout.readline().strip()
        starter.kill()
        starter.wait()
        server = pid(data_dir)
        with EmbeddedPostgres(data_dir) as addresses:
            assert addresses.owner_url == address
            assert pid(data_dir) == server
        assert not is_running(data_dir)


def test_two_that_start_at_once_share_one_server(data_dir: Path) -> None:
    with user(data_dir) as first, user(data_dir) as second:
        assert first.stdout is not None
        assert second.stdout is not None
        assert first.stdout.readline() == second.stdout.readline() != ""
        first.communicate()
        assert is_running(data_dir)
        second.communicate()
        assert (first.returncode, second.returncode) == (0, 0)
    assert not is_running(data_dir)


def test_a_port_that_was_taken_meanwhile_is_replaced(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as before:
        pass
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", int(before.owner_url.rpartition(":")[2].partition("/")[0])))
        taken.listen()
        with EmbeddedPostgres(data_dir) as after:
            assert after.owner_url != before.owner_url


def test_damaged_or_missing_credentials_are_one_clear_line(tmp_path: Path) -> None:
    folder = tmp_path / "postgresql"
    (folder / "cluster").mkdir(parents=True)
    with pytest.raises(EmbeddedServerError, match=r"credentials\.json is missing; restore it") as missing:
        EmbeddedPostgres(tmp_path).start()
    (folder / "credentials.json").write_text('{"port": ')
    with pytest.raises(EmbeddedServerError, match=r"credentials\.json is damaged; restore it") as damaged:
        EmbeddedPostgres(tmp_path).start()
    assert "\n" not in str(missing.value) + str(damaged.value)


def test_a_data_folder_that_can_not_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedServerError, match=r"can't use .*/file/postgresql: Not a directory"):
        EmbeddedPostgres(tmp_path / "file").start()


async def _set_up(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await ensure_roles(connection)
    finally:
        await connection.close()


async def test_roles_can_be_set_up_in_many_databases_at_once(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as addresses:
        for number in range(6):
            await value(addresses.owner_url, f"create database race_{number}")
        for role in ("reintegration_owner", "reintegration_app", "reintegration_auditor"):
            await value(addresses.owner_url, f"drop owned by {role}")
            await value(addresses.owner_url, f"drop role {role}")
        started = time.monotonic()
        await asyncio.gather(*(_set_up(addresses.of(f"race_{number % 6}").owner_url) for number in range(18)))
        assert time.monotonic() - started < 20
        rows = await value(
            addresses.owner_url,
            """
            select array_agg(rolname::text order by rolname) from pg_roles
            where rolname = any($1) and not rolsuper and not rolbypassrls and not rolcanlogin
            """,
            ["reintegration_owner", "reintegration_app", "reintegration_auditor"],
        )
        assert rows == ["reintegration_app", "reintegration_auditor", "reintegration_owner"]
        for number in range(6):
            rights = await value(
                addresses.of(f"race_{number}").owner_url,
                """
                select array[
                    has_schema_privilege('reintegration_owner', 'public', 'create'),
                    has_schema_privilege('reintegration_app', 'public', 'create'),
                    has_schema_privilege('public', 'public', 'create')
                ]
                """,
            )
            assert rights == [True, False, False]


async def test_an_owner_without_superuser_rights_can_set_up_the_roles(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as addresses:
        await value(addresses.owner_url, "create role plain_owner login createrole password 'plain'")
        await value(addresses.owner_url, "grant reintegration_owner, reintegration_app, reintegration_auditor to plain_owner")
        await value(addresses.owner_url, "create database plain owner plain_owner")
        place = addresses.of("plain").owner_url.partition("@")[2]
        url = f"postgresql://plain_owner:plain@{place}"
        await _set_up(url)
        await _set_up(url)
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("set role reintegration_owner")
            await connection.execute("create table owned ()")
        finally:
            await connection.close()


async def test_a_role_that_could_pass_row_level_security_is_refused(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as addresses:
        await value(addresses.owner_url, "alter role reintegration_app bypassrls")
        try:
            with pytest.raises(RoleSetupError, match="reintegration_app must be nosuperuser, nobypassrls and nologin"):
                await _set_up(addresses.owner_url)
        finally:
            await value(addresses.owner_url, "alter role reintegration_app nobypassrls")


def test_addresses_keep_their_passwords_out_of_print() -> None:
    addresses = DatabaseAddresses(owner_url="postgresql://a:hidden@h/d", application_url="postgresql://b:hidden@h/d")
    assert "hidden" not in repr(addresses)
    assert addresses.superuser_url == addresses.owner_url
