"""`check`: ask now what must always hold of the money."""

from reintegration.audit.invariants import Check, check_and_record
from reintegration.commands.running import run, stoppable
from reintegration.commands.starting import started_places
from reintegration.resources import Places, open_stores
from reintegration.settings import Settings


def check_once(settings: Settings) -> Check:
    """Every invariant in one snapshot, recorded.

    Raises what `open_places` and `open_stores` raise.
    """
    done: list[Check] = []
    with stoppable(), started_places(settings) as places:
        run(_once(settings, places, done))
    return done[0]


async def _once(settings: Settings, places: Places, done: list[Check]) -> None:
    async with open_stores(settings, places) as stores:
        done.append(await check_and_record(stores.unit_of_work))
