"""The command line: arguments in, one call, lines out; every refusal is one line and an exit status.

A command loads its code when it is called, because a token should not wait for the whole graph to be built.
"""
# ruff: noqa: PLC0415 - see above

import sys
from typing import Annotated

import typer

from reintegration.commands.loading import loading
from reintegration.commands.running import StoppedError
from reintegration.kernel.actor import Role
from reintegration.settings import load_settings

DIFFERENT = 1
"""Exit status of a check that found something."""
REFUSED = 2
"""Exit status of a command that can't do what it was asked."""
INTERRUPTED = 130

_EXIT_STATUS = (
    "Exit status: 0 done, also of a server that was told to stop; 1 what was checked is not as it should be;"
    " 2 a setting or argument is wrong, or what it names can't be reached, and one line says which;"
    " 130 interrupted before the end."
)
_ROLES = tuple(role.value for role in Role if role is not Role.SYSTEM)
"""Whom a token can name; typer's own list of choices would tell all of them, and refuse others in a box of many lines."""

app = typer.Typer(
    name="reintegration",
    help="Tracks reintegration grants of voluntary returnees from Belgium.",
    epilog=_EXIT_STATUS,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and those hold passwords
)
schema = typer.Typer(help="The contracts under schema/.", no_args_is_help=True)
app.add_typer(schema, name="schema")


def main() -> None:
    """Run a command."""
    try:
        app()
    except (StoppedError, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except Exception as error:
        from reintegration.commands.refusals import REFUSALS

        if not isinstance(error, REFUSALS):
            raise
        typer.echo(f"reintegration: {error}", err=True)
        sys.exit(REFUSED)


@app.command()
def serve(
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Work on reports beside it.")] = True,  # noqa: FBT002 - typer's form of a flag
) -> None:
    """Serve the API and work on reports until told to stop."""
    with loading():
        from reintegration.commands import serving

    serving.serve(load_settings(), typer.echo, with_worker=with_worker)


@app.command()
def worker(
    follow_stdin: Annotated[bool, typer.Option("--follow-stdin", hidden=True, help="End with whoever holds the pipe.")] = False,  # noqa: FBT002 - typer's form of a flag
) -> None:
    """Work on reports until told to stop; any number of workers may run."""
    with loading():
        from reintegration.commands import working

    working.work(load_settings(), follows_stdin=follow_stdin)


@app.command()
def migrate() -> None:
    """Bring the database to the newest migration and reference data."""
    from reintegration.commands import migrating

    applied = migrating.migrate_database(load_settings())
    typer.echo(f"{applied} migrations applied" if applied else "The database is current")


@app.command()
def deadlines() -> None:
    """Tell offices of deadlines that are near, and return what has expired; a worker does so every hour by itself."""
    from reintegration.commands.clock import tick_once
    from reintegration.kernel.money import EURO, Money

    done = tick_once(load_settings())
    typer.echo(
        f"{done.notices} notices; {done.expired} budgets expired, {Money(done.released_minor, EURO).decimal()} EUR went back,"
        f" {done.drafts_cancelled} drafts were closed"
    )
    if done.failed:
        typer.echo(f"{done.failed} budgets did not expire; the log says why", err=True)
        raise typer.Exit(DIFFERENT)


@app.command()
def check() -> None:
    """Ask what must always hold of the money; exit status 1 if anything breaks it. A worker does so every hour by itself."""
    from reintegration.audit.invariants import INVARIANTS
    from reintegration.commands.checking import check_once

    done = check_once(load_settings())
    sentences = {invariant.name: invariant.sentence for invariant in INVARIANTS}
    for finding in done.findings:
        state = f"broken by {finding.violations}" if finding.violations else "holds"
        typer.echo(f"{finding.name}: {state}. {sentences[finding.name]}")
        for example in finding.examples:
            typer.echo(f"  {example}")
    if done.violations:
        raise typer.Exit(DIFFERENT)


@app.command()
def token(
    role: Annotated[str, typer.Option(metavar="ROLE", help=f"Whose permissions the token gives: {', '.join(_ROLES)}.")],
    office: Annotated[
        list[str] | None, typer.Option(help="A field office, such as IOM-BR; field roles need one or more.")
    ] = None,
    partner: Annotated[str | None, typer.Option(help="IOM or CARITAS; a partner coordinator needs one.")] = None,
    subject: Annotated[str | None, typer.Option(help="Who it is; four eyes means different subjects.")] = None,
) -> None:
    """Print a development token; refused where OIDC_ISSUER is set."""
    from reintegration.commands.tokens import issue_token
    from reintegration.kernel.errors import InvalidInputError

    if role not in _ROLES:
        raise InvalidInputError(field="role", reason=f"is one of {', '.join(_ROLES)}")
    typer.echo(issue_token(load_settings(), role=Role(role), offices=tuple(office or ()), partner=partner, subject=subject))


@app.command()
def assets() -> None:
    """Fetch GraphiQL's files; without a network everything else works, and one line says so."""
    from reintegration.web_assets import PackagesUnavailableError, ensure_web_assets

    try:
        ensure_web_assets(load_settings().data_dir)
    except PackagesUnavailableError as error:
        typer.echo(f"GraphiQL will not be there, everything else will: {error}", err=True)


@schema.command("write")
def schema_write() -> None:
    """Write the GraphQL schema, the database's schema, the exports' columns and the index of operations anew."""
    from reintegration.commands import contracts

    changed = contracts.write_contracts(load_settings())
    typer.echo("\n".join(f"schema/{name}" for name in changed) if changed else "The contracts are current")


@schema.command("check")
def schema_check() -> None:
    """Say which contracts are not current; exit status 1 if any."""
    from reintegration.commands import contracts

    changed = contracts.check_contracts(load_settings())
    for name in changed:
        typer.echo(f"schema/{name} is not current; run make schema", err=True)
    if changed:
        raise typer.Exit(DIFFERENT)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop at the end; the last line is one JSON object.")] = False,  # noqa: FBT002 - typer's form of a flag
) -> None:
    """Load the demo caseload, run the whole chain, make a report, and keep serving."""
    with loading():
        from reintegration.demo.comparing import DemoMismatchError
        from reintegration.demo.run import run_demo
        from reintegration.exports.manifest import SealBrokenError

    try:
        run_demo(load_settings(), once=once, announce=typer.echo)
    except (DemoMismatchError, SealBrokenError) as error:
        typer.echo(f"reintegration: {error}", err=True)
        raise typer.Exit(DIFFERENT) from error
