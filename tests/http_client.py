"""The real application on a free loopback port, over a database and a bucket of the tests, and a client that signs in as anybody.

async with running(fresh_database, object_store_address, tmp_path) as server:
    answer = await server.post("{ me { subject } }", token=server.token(Role.AUDITOR))
"""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from reintegration.api.limits import Limits
from reintegration.app import OPERATIONS, open_site
from reintegration.commands.tokens import issue_token
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import FIELD_ROLES, Role
from reintegration.resources import Places, Resources, open_resources
from reintegration.settings import Profile, Settings
from reintegration.storage.address import ObjectStoreAddress
from tests.unit.test_tokens import Issuer

OFFICE = "IOM-MN"
PARTNER = "IOM"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came: `body` is parsed JSON."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, object]

    @property
    def data(self) -> dict[str, object]:
        """The answer's data, of an operation without errors."""
        assert "errors" not in self.body, self.body["errors"]
        data = self.body["data"]
        assert isinstance(data, dict)
        return data

    @property
    def code(self) -> object:
        """The code of the first error."""
        errors = self.body["errors"]
        assert isinstance(errors, list)
        return errors[0]["extensions"]["code"]


@dataclass(frozen=True, slots=True)
class Server:
    """The running application and what a test may want of it."""

    url: str
    settings: Settings
    resources: Resources
    session: aiohttp.ClientSession
    issuer: Issuer | None

    def token(
        self, role: Role, subject: str | None = None, *, office: str | tuple[str, ...] = OFFICE, partner: str = PARTNER
    ) -> str:
        """A token of a person called like the role unless named; field roles get `office`, coordinators `partner`."""
        given = (office,) if isinstance(office, str) else office
        offices = given if role in FIELD_ROLES else ()
        its_partner = partner if role is Role.PARTNER_COORDINATOR else None
        if self.issuer is None:
            return issue_token(self.settings, role=role, offices=offices, partner=its_partner, subject=subject)
        now = int(time.time())
        scope = {"offices": list(offices) or None, "partner": its_partner}
        return self.issuer.token({"sub": subject or role.value, "role": role.value, "iat": now, "exp": now + 3600, **scope})

    async def post(
        self,
        query: str | None = None,
        variables: Mapping[str, object] | None = None,
        token: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> Answer:
        """Run a document, or with `documentId="…"` a trusted one."""
        body = {"query": query, "variables": variables, **more}
        return await self.send({name: value for name, value in body.items() if value is not None}, token, headers=headers)

    async def send(self, body: object, token: str | None = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Send any JSON to /graphql."""
        signed = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.post(f"{self.url}/graphql", json=body, headers={**signed, **(headers or {})}) as response:
            return Answer(response.status, response.headers, await response.json(content_type=None))


@asynccontextmanager
async def running(
    database: DatabaseAddresses,
    objects: ObjectStoreAddress,
    data_dir: Path,
    *,
    profile: Profile = Profile.DEVELOPMENT,
    limits: Limits | None = None,
    operations: Path = OPERATIONS,
) -> AsyncIterator[Server]:
    """Start it, and at the end stop it. Production signs in through an OpenID Connect provider of its own."""
    async with AsyncExitStack() as stack:
        issuer: Issuer | None = None
        if profile is Profile.PRODUCTION:
            issuer = Issuer()
            await stack.enter_async_context(issuer.server)
        settings = Settings.model_validate(
            {
                "REINTEGRATION_DATA_DIR": data_dir,
                "REINTEGRATION_PROFILE": profile,
                "OIDC_ISSUER": issuer.url if issuer else None,
                "REINTEGRATION_HOST": "127.0.0.1",
                "REINTEGRATION_PORT": 0,
            }
        )
        resources = await stack.enter_async_context(open_resources(settings, Places(database, objects), max_connections=4))
        site = await stack.enter_async_context(open_site(resources, limits=limits, operations=operations))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Server(site.url, settings, resources, session, issuer)
