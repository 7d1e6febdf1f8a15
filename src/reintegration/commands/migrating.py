"""`migrate`: the database alone, for installations that migrate with a login of its own."""

from reintegration.commands.running import run, stoppable
from reintegration.commands.serving import started_places
from reintegration.progress import progress
from reintegration.resources import Places, prepare_database
from reintegration.settings import Settings


def migrate_database(settings: Settings) -> int:
    """Bring the database to the newest migration and reference data; returns how many migrations were applied.

    Raises what `open_places` and `prepare_database` raise.
    """
    applied: list[int] = []
    with stoppable(), started_places(settings) as places:
        run(_migrate(settings, places, applied))
    return sum(applied)


async def _migrate(settings: Settings, places: Places, applied: list[int]) -> None:
    with progress("Migrating"):
        applied.append(await prepare_database(settings, places.database))
