"""The command line: what it refuses is one line and an exit status, and what it prints can be used."""

import asyncio
import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import structlog

from reintegration.audit.invariants import Check, Finding
from reintegration.cli import main
from reintegration.commands import checking
from reintegration.commands.contracts import differences, operations_index
from reintegration.identity.development import DevelopmentIssuer
from reintegration.kernel.actor import Role
from reintegration.settings import load_settings

_SETTINGS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "S3_ENDPOINT_URL",
    "S3_BUCKET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "OIDC_ISSUER",
    "REINTEGRATION_PROFILE",
    "REINTEGRATION_HOST",
    "REINTEGRATION_PORT",
)
_NOWHERE = "127.0.0.1:1"
_DATABASE = {"DATABASE_URL": f"postgresql://ann:secret-of-ann@{_NOWHERE}/cases"}
_STORE = {"S3_ENDPOINT_URL": f"http://{_NOWHERE}", "AWS_ACCESS_KEY_ID": "ann", "AWS_SECRET_ACCESS_KEY": "secret-of-ann"}

_NO_SUCH_ROLE = (
    "role: is one of return_counsellor, field_officer, field_approver, partner_coordinator, fedasil_finance, fedasil_programme,"
    " auditor, administrator."
)


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing of the machine's environment, and the process's logging as it was."""
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REINTEGRATION_DATA_DIR", str(tmp_path))
    load_settings.cache_clear()
    root, ours = logging.getLogger(), logging.getLogger("reintegration")
    before = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    structlog.reset_defaults()
    load_settings.cache_clear()


@dataclass(frozen=True)
class Command:
    """Runs a command in this process: exit status, stdout, stderr."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str, **environment: str) -> tuple[object, str, str]:
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.setattr(sys, "argv", ["reintegration", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = self.capsys.readouterr()
        return ended.value.code, said.out, said.err


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"DATABASE_URL": "mysql://cases"}, "DATABASE_URL: must start with postgresql://"),
        ({"REINTEGRATION_PORT": "99999"}, "REINTEGRATION_PORT: Input should be less than or equal to 65535"),
        (
            {**_DATABASE, **_STORE, "REINTEGRATION_PROFILE": "production"},
            "The development issuer is refused: this is the production profile; set OIDC_ISSUER.",
        ),
        (
            {**_DATABASE, **_STORE},
            f"S3 can't be reached at http://{_NOWHERE}: check S3_ENDPOINT_URL (EndpointConnectionError)",
        ),
        (
            {
                **_DATABASE,
                "S3_ENDPOINT_URL": f"http://{_NOWHERE}",
                "AWS_CONFIG_FILE": "/dev/null",
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            f"S3 at http://{_NOWHERE} wants keys and none were given: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
    ],
)
def test_serve_refuses_in_one_line(command: Command, environment: Mapping[str, str], line: str) -> None:
    assert command.run("serve", **environment) == (2, "", f"reintegration: {line}\n")


def test_an_unreachable_identity_provider_is_named(command: Command) -> None:
    told = f"reintegration: The identity provider http://{_NOWHERE} can't be used: ClientConnectorError.\n"
    assert command.run("serve", **_DATABASE, **_STORE, OIDC_ISSUER=f"http://{_NOWHERE}") == (2, "", told)


def test_an_unreachable_database_is_named_without_its_password(command: Command, tmp_path: Path) -> None:
    status, out, err = command.run("migrate", **_DATABASE)
    assert (status, out) == (2, "")
    assert err.startswith(f"reintegration: DATABASE_URL: the database {_NOWHERE}/cases can't be used: ")
    assert err.count("\n") == 1
    assert "secret-of-ann" not in err
    assert list(tmp_path.iterdir()) == []


async def _subject(token: str, data_dir: Path) -> tuple[str, Role, frozenset[str]]:
    verifier = DevelopmentIssuer(data_dir, oidc_issuer=None, production=False).verifier()
    await verifier.load()
    claims = await verifier.verify(token)
    await verifier.close()
    return claims.subject, claims.role, claims.office_codes


def test_a_token_lets_in_whom_it_names(command: Command, tmp_path: Path) -> None:
    status, out, err = command.run("token", "--role", "field_officer", "--office", "IOM-BR", "--subject", "ana")
    assert (status, err, out.count("\n")) == (0, "", 1)
    assert asyncio.run(_subject(out.strip(), tmp_path)) == ("ana", Role.FIELD_OFFICER, frozenset({"IOM-BR"}))


@pytest.mark.parametrize(
    ("arguments", "environment", "line"),
    [
        (
            ("--role", "auditor"),
            {"OIDC_ISSUER": "https://id.example.org"},
            "The development issuer is refused: OIDC_ISSUER is set, so tokens come from there.",
        ),
        (("--role", "field_officer"), {}, "scope: field_officer needs at least one office and no partner."),
        (("--role", "system"), {}, _NO_SUCH_ROLE),
        (("--role", "nonsense"), {}, _NO_SUCH_ROLE),
    ],
)
def test_a_token_is_refused_in_one_line(
    command: Command, arguments: tuple[str, ...], environment: Mapping[str, str], line: str
) -> None:
    assert command.run("token", *arguments, **environment) == (2, "", f"reintegration: {line}\n")


def test_help_tells_the_exit_statuses(command: Command) -> None:
    status, out, _ = command.run("--help")
    text = " ".join(out.split())
    assert status == 0
    for part in ("0 done", "1 what was checked", "2 a setting or argument is wrong", "130 interrupted"):
        assert part in text


def test_assets_without_a_network_say_so_and_go_on(command: Command, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command.monkeypatch.delenv("NODE_COMPILE_CACHE", raising=False)
    status, out, err = command.run(
        "assets", npm_config_registry=f"http://{_NOWHERE}/", TMPDIR=str(elsewhere), HOME=str(elsewhere)
    )
    assert (status, out) == (0, "")
    assert err.splitlines()[-1].startswith("GraphiQL will not be there, everything else will: packages could not be fetched: ")
    assert list(elsewhere.iterdir()) == []  # npm's caches are in the data folder


def test_contracts_differ_when_missing_changed_or_gone(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "gone.json").write_bytes(b"{}")
    (tmp_path / "schema.sql").write_bytes(b"old")
    (tmp_path / "same.md").write_bytes(b"same")
    wanted = {"schema.sql": b"new", "exports/missing.json": b"{}", "same.md": b"same"}
    assert differences(wanted, tmp_path) == ("exports/gone.json", "exports/missing.json", "schema.sql")


def test_the_index_lists_operations_by_folder_with_their_purpose(tmp_path: Path) -> None:
    (tmp_path / "field-office").mkdir()
    (tmp_path / "field-office" / "Me.graphql").write_text("# Who am I?\nquery Me { me { subject } }\n")
    (tmp_path / "statements.json").write_text('{"Me": 3}')
    rows = operations_index(tmp_path).splitlines()[-4:]
    header = ["", "| operation | kind | purpose | statements | cost | document id |", "| --- | --- | --- | ---: | ---: | --- |"]
    assert rows[:3] == header
    digest = "e530ecf43226f6edaf59cda04961abbd22c70116e26f8d24c4ac1fbe9de99080"
    assert rows[3] == f"| [Me](field-office/Me.graphql) | query | Who am I? | 3 | 1 | `{digest}` |"
    assert "## Field office" in operations_index(tmp_path)


@pytest.mark.parametrize(("violations", "status", "state"), [(0, 0, "holds"), (2, 1, "broken by 2")])
def test_check_says_of_each_invariant_whether_it_holds(
    command: Command, monkeypatch: pytest.MonkeyPatch, violations: int, status: int, state: str
) -> None:
    example = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    found = Finding("postings_balance", violations, (example,) * bool(violations))
    monkeypatch.setattr(checking, "check_once", lambda _settings: Check(datetime(2026, 11, 26, tzinfo=UTC), (found,)))
    said = [f"postings_balance: {state}. The postings of a ledger transaction sum to zero per currency."]
    exit_status, out, err = command.run("check")
    assert (exit_status, out.splitlines(), err) == (status, [*said, *[f"  {example}"] * bool(violations)], "")
