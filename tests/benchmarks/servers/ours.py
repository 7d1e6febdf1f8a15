"""Our API as `reintegration serve` starts it in production, with an identity provider of its own; no worker beside it."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop

from reintegration.app import open_site
from reintegration.commands.loading import loading
from reintegration.database.embedded import DatabaseAddresses
from reintegration.resources import Places, open_resources
from reintegration.settings import Profile, Settings
from reintegration.storage.address import ObjectStoreAddress
from reintegration.telemetry import configure_logging
from tests.benchmarks.caseload import BIG_OFFICE
from tests.benchmarks.servers.protocol import FINANCE, OFFICER, Person, Place, announce, read_place, until_stdin_ends
from tests.unit.test_tokens import Issuer

OPERATIONS = Path(__file__).parents[1] / "operations"
_LIFETIME_S = 12 * 3600


async def _serve(place: Place) -> None:
    async with AsyncExitStack() as stack:
        issuer = Issuer()
        await stack.enter_async_context(issuer.server)
        settings = Settings.model_validate(
            {
                "REINTEGRATION_DATA_DIR": place.data_dir,
                "REINTEGRATION_PROFILE": Profile.PRODUCTION,
                "REINTEGRATION_COMPILED_READS": place.is_compiled,
                "OIDC_ISSUER": issuer.url,
            }
        )
        places = Places(DatabaseAddresses(place.owner_url, place.database_url), ObjectStoreAddress(**place.objects))
        resources = await stack.enter_async_context(open_resources(settings, places, max_connections=10))
        operations = Path(place.operations) if place.operations else OPERATIONS
        site = await stack.enter_async_context(open_site(resources, operations=operations))
        people = {
            OFFICER: Person("officer@bench.invalid", "field_officer", [BIG_OFFICE]),
            FINANCE: Person("finance@bench.invalid", "fedasil_finance"),
            **place.people,
        }
        announce(f"{site.url}/graphql", {name: _bearer(issuer, person) for name, person in people.items()})
        await until_stdin_ends()


def _bearer(issuer: Issuer, who: Person) -> dict[str, str]:
    now = int(time.time())
    scope = {"offices": list(who.offices) or None, "partner": who.partner}
    claims = {"sub": who.subject, "role": who.role, **scope, "iat": now, "exp": now + _LIFETIME_S}
    return {"Authorization": f"Bearer {issuer.token(claims)}"}


if __name__ == "__main__":
    configure_logging(is_production=True)
    with loading():  # the garbage collector as `serve` has it; the modules are loaded already
        pass
    with asyncio.Runner(loop_factory=uvloop.Loop) as runner:
        runner.run(_serve(read_place()))
