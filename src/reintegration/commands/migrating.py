"""`migrate`: the database alone, for installations that migrate with a login of its own."""

from reintegration.commands.running import run, stoppable
from reintegration.commands.starting import waiting
from reintegration.database.embedded import DatabaseAddresses
from reintegration.resources import open_database, prepare_database
from reintegration.settings import Settings


def migrate_database(settings: Settings) -> int:
    """Bring the database to the newest migration and reference data; returns how many migrations were applied.

    Raises what `open_database` and `prepare_database` raise.
    """
    applied: list[int] = []
    with stoppable(), open_database(settings) as database:
        run(_migrate(settings, database, applied))
    return sum(applied)


async def _migrate(settings: Settings, database: DatabaseAddresses, applied: list[int]) -> None:
    with waiting("Migrating"):
        applied.append(await prepare_database(settings, database))
