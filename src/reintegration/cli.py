"""The command line: arguments in, one call, lines out; every refusal is one line and an exit status."""

import sys
from typing import Annotated

import typer

from reintegration.api.documents import TrustedDocumentError
from reintegration.app import ListenError
from reintegration.commands import migrating, serving, tokens
from reintegration.commands.running import StoppedError
from reintegration.database.embedded import EmbeddedServerError as EmbeddedDatabaseError
from reintegration.database.migrate import MigrationError
from reintegration.kernel.actor import Role
from reintegration.kernel.errors import DomainError
from reintegration.resources import DatabaseUnavailableError
from reintegration.settings import SettingsError, load_settings
from reintegration.storage.errors import EmbeddedServerError as EmbeddedStoreError
from reintegration.storage.errors import ObjectStoreUnavailableError
from reintegration.web_assets import PackagesUnavailableError, ensure_web_assets

REFUSED = 2
"""Exit status of a command that can't start."""
INTERRUPTED = 130

_EXIT_STATUS = """
Exit status: 0 done (also a server that was told to stop); 1 what was checked is not as it should be; 2 a setting is wrong, or
what it names can't be reached (one line says which); 130 interrupted before the end.
"""
_REFUSALS = (
    DatabaseUnavailableError,
    DomainError,  # IssuerUnavailableError, DevelopmentIssuerRefusedError, InvalidInputError, ReferenceDataError
    EmbeddedDatabaseError,
    EmbeddedStoreError,
    ListenError,
    MigrationError,
    ObjectStoreUnavailableError,
    SettingsError,
    TrustedDocumentError,
    serving.WorkerEndedError,
)

app = typer.Typer(
    name="reintegration",
    help="Tracks reintegration grants of voluntary returnees from Belgium.",
    epilog=_EXIT_STATUS,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and those hold passwords
)


def main() -> None:
    """Run a command."""
    try:
        app()
    except _REFUSALS as error:
        typer.echo(f"reintegration: {error}", err=True)
        sys.exit(REFUSED)
    except (StoppedError, KeyboardInterrupt):
        sys.exit(INTERRUPTED)


@app.command()
def serve() -> None:
    """Serve the API and work on reports until told to stop."""
    serving.serve(load_settings(), typer.echo)


@app.command()
def worker(
    follow_stdin: Annotated[bool, typer.Option("--follow-stdin", hidden=True, help="End with whoever holds the pipe.")] = False,  # noqa: FBT002 - typer's form of a flag
) -> None:
    """Work on reports until told to stop; any number of workers may run."""
    serving.work(load_settings(), follows_stdin=follow_stdin)


@app.command()
def migrate() -> None:
    """Bring the database to the newest migration and reference data."""
    applied = migrating.migrate_database(load_settings())
    typer.echo(f"{applied} migrations applied" if applied else "The database is current")


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="Whose permissions the token gives.")],
    office: Annotated[
        list[str] | None, typer.Option(help="A field office, such as IOM-BR; field roles need one or more.")
    ] = None,
    partner: Annotated[str | None, typer.Option(help="IOM or CARITAS; a partner coordinator needs one.")] = None,
    subject: Annotated[str | None, typer.Option(help="Who it is; four eyes means different subjects.")] = None,
) -> None:
    """Print a development token; refused where OIDC_ISSUER is set."""
    typer.echo(tokens.issue_token(load_settings(), role=role, offices=tuple(office or ()), partner=partner, subject=subject))


@app.command()
def assets() -> None:
    """Fetch GraphiQL's files; without a network everything else works, and one line says so."""
    try:
        ensure_web_assets(load_settings().data_dir)
    except PackagesUnavailableError as error:
        typer.echo(f"GraphiQL will not be there, everything else will: {error}", err=True)
