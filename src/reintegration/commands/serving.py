"""`serve`: answers until a signal comes."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from reintegration.app import open_site
from reintegration.commands.running import run
from reintegration.commands.starting import started_places, until_stopped, waiting
from reintegration.commands.worker_process import worker_process
from reintegration.resources import Places, open_resources
from reintegration.settings import Profile, Settings
from reintegration.telemetry import configure_logging


def serve(settings: Settings, announce: Callable[[str], None], *, with_worker: bool = True) -> None:
    """Serve the API, usually with a worker beside it, until a signal comes; `announce` gets a line for each thing to know.

    Raises what `open_places`, `open_resources` and `open_site` raise.
    """
    configure_logging(is_production=settings.profile is Profile.PRODUCTION)
    with until_stopped(), started_places(settings) as places:
        run(_serve(settings, places, announce, with_worker=with_worker))


async def _serve(settings: Settings, places: Places, announce: Callable[[str], None], *, with_worker: bool) -> None:
    async with AsyncExitStack() as stack:
        with waiting("Migrating and connecting"):
            resources = await stack.enter_async_context(open_resources(settings, places))
        site = await stack.enter_async_context(open_site(resources))
        if with_worker:
            await stack.enter_async_context(worker_process())
        announce(f"API       {site.url}/graphql")
        if settings.profile is not Profile.PRODUCTION:
            announce(f"GraphiQL  {site.url}/graphiql")
        announce(f"Readiness {site.url}/readyz")
        await asyncio.Event().wait()
