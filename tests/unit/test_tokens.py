"""Tokens: who gets in, who doesn't and why, and what an attacker can make us fetch."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jws, jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from reintegration.identity.actors import actor_from
from reintegration.identity.claims import Claims
from reintegration.identity.development import DevelopmentIssuer
from reintegration.identity.discovery import MAX_DOCUMENT_BYTES, Discovery
from reintegration.identity.errors import (
    AuthenticationError,
    AuthenticationReason,
    DevelopmentIssuerRefusedError,
    IssuerUnavailableError,
)
from reintegration.identity.keys import IssuerKeys, KeyPolicy
from reintegration.identity.tokens import TokenVerifier, bearer_token, oidc_verifier
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.errors import InvalidInputError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
Reason = AuthenticationReason
Changes = Mapping[str, object]


class Issuer:
    """An OpenID Connect provider in a few lines, whose keys can be rotated and whose fetches are counted."""

    def __init__(self) -> None:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self.describe)
        app.router.add_get("/keys", self.publish)
        self.server = TestServer(app)
        self.keys: list[Key] = []
        self.fetches = 0
        self.body: str | None = None
        self.description: dict[str, str] = {}
        self.rotate()

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    def rotate(self, key: Key | None = None) -> None:
        self.keys.insert(0, key or ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True))
        self.keys[0].ensure_kid()

    async def describe(self, _: web.Request) -> web.Response:
        return web.json_response({"issuer": self.url, "jwks_uri": f"{self.url}/keys"} | self.description)

    async def publish(self, _: web.Request) -> web.Response:
        self.fetches += 1
        await asyncio.sleep(0.01)
        return web.Response(text=self.body or json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}))

    def claims(self, **changes: object) -> dict[str, object]:
        usual = {"iss": self.url, "aud": "reintegration", "sub": "ana", "iat": NOW_S, "exp": NOW_S + 3600, "role": "auditor"}
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def token(self, claims: Changes | None = None, header: Changes | None = None, key: Key | None = None) -> str:
        signer = key or self.keys[0]
        headers = {"alg": "ES256", "kid": self.keys[0].kid, **(header or {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        return jwt.encode(
            headers,
            dict(self.claims(**(claims or {}))),
            signer,
            registry=jws.JWSRegistry(algorithms=[str(headers["alg"])], strict_check_header=False),
            default_type=None if "typ" in (header or {}) else "JWT",
        )


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    started = Issuer()
    async with started.server:
        yield started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def verifier(issuer: Issuer, session: aiohttp.ClientSession, clock: Clock) -> AsyncIterator[TokenVerifier]:
    keys = IssuerKeys(issuer.url, Discovery(session, issuer.url), KeyPolicy(), clock)
    made = TokenVerifier(issuer=issuer.url, audience="reintegration", keys=keys, now=lambda: NOW)
    yield made
    await made.close()


async def reason_of(verifier: TokenVerifier, token: str) -> AuthenticationReason:
    with pytest.raises(AuthenticationError) as caught:
        await verifier.verify(token)
    assert token not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value.reason


def encoded(document: bytes) -> str:
    return base64.urlsafe_b64encode(document).decode().rstrip("=")


async def test_a_good_token_becomes_claims(issuer: Issuer, verifier: TokenVerifier) -> None:
    token = issuer.token({"role": "field_officer", "offices": ["IOM-BR", "IOM-GE"], "aud": ["other", "reintegration"]})
    assert await verifier.verify(token) == Claims(
        subject="ana",
        role=Role.FIELD_OFFICER,
        office_codes=frozenset({"IOM-BR", "IOM-GE"}),
        partner_code=None,
        expires_at=NOW + timedelta(hours=1),
    )


@pytest.mark.parametrize(
    ("algorithm", "make"),
    [
        ("RS256", lambda: RSAKey.generate_key(2048, auto_kid=True)),
        ("PS384", lambda: RSAKey.generate_key(2048, auto_kid=True)),
        ("ES512", lambda: ECKey.generate_key("P-521", auto_kid=True)),
        ("EdDSA", lambda: OKPKey.generate_key("Ed25519", auto_kid=True)),
        ("Ed25519", lambda: OKPKey.generate_key("Ed25519", auto_kid=True)),
    ],
)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated:UserWarning")  # the test signs with joserfc's own registry
async def test_asymmetric_algorithms_are_accepted(
    issuer: Issuer, verifier: TokenVerifier, algorithm: str, make: Callable[[], Key]
) -> None:
    issuer.rotate(make())
    assert (await verifier.verify(issuer.token(header={"alg": algorithm}))).subject == "ana"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": NOW_S - 31}, Reason.EXPIRED),
        ({"exp": None}, Reason.CLAIM_MISSING),
        ({"exp": "soon"}, Reason.TOKEN_MALFORMED),
        ({"exp": 10**30}, Reason.TOKEN_MALFORMED),
        ({"nbf": NOW_S + 31}, Reason.NOT_YET_VALID),
        ({"iat": NOW_S + 31}, Reason.NOT_YET_VALID),
        ({"iat": None}, Reason.CLAIM_MISSING),
        ({"aud": "another"}, Reason.AUDIENCE_WRONG),
        ({"aud": ["reintegration", 7]}, Reason.AUDIENCE_WRONG),
        ({"aud": None}, Reason.CLAIM_MISSING),
        ({"iss": "https://example.org"}, Reason.ISSUER_WRONG),
        ({"iss": None}, Reason.CLAIM_MISSING),
        ({"sub": None}, Reason.CLAIM_MISSING),
        ({"sub": ""}, Reason.SUBJECT_REFUSED),
        ({"sub": " ana"}, Reason.SUBJECT_REFUSED),
        ({"sub": "a\x00b"}, Reason.SUBJECT_REFUSED),
        ({"sub": "a" * 256}, Reason.SUBJECT_REFUSED),
        ({"sub": 7}, Reason.SUBJECT_REFUSED),
        ({"role": None}, Reason.CLAIM_MISSING),
        ({"role": "system"}, Reason.ROLE_REFUSED),
        ({"role": "Auditor"}, Reason.ROLE_REFUSED),
        ({"role": ["auditor"]}, Reason.TOKEN_MALFORMED),
        ({"role": "field_officer"}, Reason.SCOPE_REFUSED),
        ({"role": "field_approver", "offices": []}, Reason.SCOPE_REFUSED),
        ({"role": "field_officer", "offices": ["IOM-BR"], "partner": "IOM"}, Reason.SCOPE_REFUSED),
        ({"role": "field_officer", "offices": "IOM-BR"}, Reason.TOKEN_MALFORMED),
        ({"role": "field_officer", "offices": ["IOM-BR", 1]}, Reason.TOKEN_MALFORMED),
        ({"role": "field_officer", "offices": ["iom br"]}, Reason.SCOPE_REFUSED),
        ({"role": "field_officer", "offices": [f"IOM-{n}" for n in range(65)]}, Reason.SCOPE_REFUSED),
        ({"role": "partner_coordinator"}, Reason.SCOPE_REFUSED),
        ({"role": "partner_coordinator", "partner": "IOM", "offices": ["IOM-BR"]}, Reason.SCOPE_REFUSED),
        ({"role": "partner_coordinator", "partner": 1}, Reason.TOKEN_MALFORMED),
        ({"role": "auditor", "offices": ["IOM-BR"]}, Reason.SCOPE_REFUSED),
        ({"role": "auditor", "partner": "IOM"}, Reason.SCOPE_REFUSED),
    ],
)
async def test_claims_that_are_wrong_are_refused(
    issuer: Issuer, verifier: TokenVerifier, claims: Changes, reason: AuthenticationReason
) -> None:
    assert await reason_of(verifier, issuer.token(claims)) is reason


async def test_null_scopes_are_none(issuer: Issuer, verifier: TokenVerifier) -> None:
    header = {"alg": "ES256", "typ": "JWT", "kid": issuer.keys[0].kid}
    payload = json.dumps(issuer.claims() | {"offices": None, "partner": None})
    claims = await verifier.verify(jws.serialize_compact(header, payload, issuer.keys[0], algorithms=["ES256"]))
    assert (claims.office_codes, claims.partner_code) == (frozenset(), None)


async def test_thirty_seconds_of_difference_between_clocks_are_forgiven(issuer: Issuer, verifier: TokenVerifier) -> None:
    token = issuer.token({"exp": NOW_S - 29, "nbf": NOW_S + 30, "iat": NOW_S + 30})
    assert (await verifier.verify(token)).subject == "ana"


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JOSE"},
        {"typ": None},
        {"typ": "logout+jwt"},
        {"kid": None},
        {"jku": "https://example.org/keys"},
        {"jwk": {"kty": "EC"}},
        {"x5c": ["AAAA"]},
    ],
)
async def test_headers_that_are_wrong_are_refused_before_any_fetch(
    issuer: Issuer, verifier: TokenVerifier, header: Changes
) -> None:
    whole = {name: value for name, value in ({"alg": "ES256", "typ": "JWT", "kid": "k"} | dict(header)).items() if value}
    token = f"{encoded(json.dumps(whole).encode())}.{encoded(b'{}')}.{encoded(b'signature')}"
    assert await reason_of(verifier, token) is Reason.HEADER_REFUSED
    assert issuer.fetches == 0


async def test_an_access_token_of_rfc_9068_is_accepted(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert (await verifier.verify(issuer.token(header={"typ": "at+JWT"}))).role is Role.AUDITOR


async def test_a_key_in_the_header_is_not_believed(issuer: Issuer, verifier: TokenVerifier) -> None:
    own = ECKey.generate_key("P-256", auto_kid=True)
    token = issuer.token(header={"jwk": own.as_dict(private=False), "kid": own.kid}, key=own)
    assert await reason_of(verifier, token) is Reason.HEADER_REFUSED


async def test_the_public_key_is_no_secret_to_sign_with(issuer: Issuer, verifier: TokenVerifier) -> None:
    key = issuer.keys[0]
    assert isinstance(key, ECKey)
    secret = OctKey.import_key(encoded(key.as_pem(private=False)).encode())
    assert await reason_of(verifier, issuer.token(header={"alg": "HS256"}, key=secret)) is Reason.ALGORITHM_REFUSED


@pytest.mark.parametrize("algorithm", ["none", "None", "", "HS256", "A128KW", None, 7, ["ES256"]])
async def test_no_algorithm_but_the_listed_ones(issuer: Issuer, verifier: TokenVerifier, algorithm: object) -> None:
    header = json.dumps({"alg": algorithm, "typ": "JWT", "kid": issuer.keys[0].kid}).encode()
    token = f"{encoded(header)}.{encoded(json.dumps(issuer.claims()).encode())}."
    assert await reason_of(verifier, token) is Reason.ALGORITHM_REFUSED


async def test_a_key_serves_only_its_own_algorithm(issuer: Issuer, verifier: TokenVerifier) -> None:
    other = RSAKey.generate_key(2048)
    assert await reason_of(verifier, issuer.token(header={"alg": "RS256"}, key=other)) is Reason.SIGNATURE_WRONG


async def test_a_signature_by_another_key_or_over_other_claims_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert await reason_of(verifier, issuer.token(key=ECKey.generate_key("P-256"))) is Reason.SIGNATURE_WRONG
    header, _, signature = issuer.token().split(".")
    payload = encoded(json.dumps(issuer.claims(role="fedasil_finance")).encode())
    assert await reason_of(verifier, f"{header}.{payload}.{signature}") is Reason.SIGNATURE_WRONG
    assert await reason_of(verifier, f"{header}.{payload}.") is Reason.SIGNATURE_WRONG


@pytest.mark.parametrize(
    "token",
    [
        "",
        "garbage",
        "..",
        "a.b.c",
        "a.b.c.d",
        "é.b.c",
        "....",
        encoded(b"[1]") + ".e30.c2ln",
        encoded(b"{") + ".e30.c2ln",
        encoded(b"\xff\xfe") + ".e30.c2ln",
        encoded(b"[" * 5000) + ".e30.c2ln",
        encoded(b'{"alg":"none","alg":"ES256","typ":"JWT","kid":"k"}') + ".e30.c2ln",
        encoded(b'{"alg":NaN}') + ".e30.c2ln",
    ],
)
async def test_garbage_is_refused_before_any_fetch(issuer: Issuer, verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        await verifier.verify(token)
    assert caught.value.reason is Reason.TOKEN_MALFORMED
    assert issuer.fetches == 0


@pytest.mark.parametrize(
    "payload",
    [b'{"role":"auditor","role":"administrator"}', b"[]", b"{", b"[" * 5000, b'{"exp":NaN}', b"\xff\xfe{\x00}\x00"],
)
async def test_a_signed_payload_that_can_be_read_in_two_ways_or_none_is_refused(
    issuer: Issuer, verifier: TokenVerifier, payload: bytes
) -> None:
    header = {"alg": "ES256", "typ": "JWT", "kid": issuer.keys[0].kid}
    token = jws.serialize_compact(header, payload, issuer.keys[0], algorithms=["ES256"])
    assert await reason_of(verifier, token) is Reason.TOKEN_MALFORMED


async def test_an_oversized_token_is_refused_unread(issuer: Issuer, verifier: TokenVerifier) -> None:
    assert await reason_of(verifier, issuer.token({"padding": "x" * 8192})) is Reason.TOKEN_TOO_LARGE
    assert issuer.fetches == 0


async def test_concurrent_requests_cause_one_fetch_and_a_cancelled_one_does_not_end_it(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    first, *others = [asyncio.create_task(verifier.verify(issuer.token())) for _ in range(50)]
    await asyncio.sleep(0)
    first.cancel()
    assert {claims.subject for claims in await asyncio.gather(*others)} == {"ana"}
    assert issuer.fetches == 1
    assert first.cancelled()


async def test_forged_key_ids_cause_at_most_one_fetch_per_cool_down(
    issuer: Issuer, verifier: TokenVerifier, clock: Clock
) -> None:
    await verifier.verify(issuer.token())
    forged = [issuer.token(header={"kid": f"forged-{number}"}) for number in range(40)]
    reasons = await asyncio.gather(*(reason_of(verifier, token) for token in forged))
    assert set(reasons) == {Reason.KEY_UNKNOWN}
    assert issuer.fetches == 1
    clock.seconds = 31
    await asyncio.gather(*(reason_of(verifier, token) for token in forged))
    assert issuer.fetches == 2


async def test_a_rotated_key_is_found_after_the_cool_down_and_a_withdrawn_one_is_forgotten(
    issuer: Issuer, verifier: TokenVerifier, clock: Clock
) -> None:
    old = issuer.token()
    await verifier.verify(old)
    issuer.rotate()
    clock.seconds = 30
    assert (await verifier.verify(issuer.token())).subject == "ana"
    assert (await verifier.verify(old)).subject == "ana"
    assert issuer.fetches == 2
    issuer.keys.pop()
    clock.seconds = 60 + 14_400
    assert await reason_of(verifier, old) is Reason.KEY_UNKNOWN


async def test_an_old_key_set_is_renewed_behind_the_request(issuer: Issuer, verifier: TokenVerifier, clock: Clock) -> None:
    await verifier.verify(issuer.token())
    clock.seconds = 901
    await verifier.verify(issuer.token())
    await verifier.verify(issuer.token())
    await asyncio.sleep(0.1)
    assert issuer.fetches == 2


async def test_an_outage_is_named_as_one_and_known_keys_outlive_it_for_a_while(
    issuer: Issuer, verifier: TokenVerifier, clock: Clock
) -> None:
    issuer.body = "down"
    assert await reason_of(verifier, issuer.token()) is Reason.ISSUER_UNAVAILABLE
    assert await reason_of(verifier, issuer.token()) is Reason.ISSUER_UNAVAILABLE
    assert issuer.fetches == 1
    issuer.body, clock.seconds = None, 2
    assert (await verifier.verify(issuer.token())).subject == "ana"
    issuer.body, clock.seconds = "down", 14_000
    assert (await verifier.verify(issuer.token())).subject == "ana"
    await asyncio.sleep(0.1)
    clock.seconds = 14_500
    assert await reason_of(verifier, issuer.token()) is Reason.ISSUER_UNAVAILABLE


async def test_only_public_signature_keys_of_a_set_are_used(issuer: Issuer, session: aiohttp.ClientSession, clock: Clock) -> None:
    good = issuer.keys[0].as_dict(private=False)
    issuer.body = json.dumps(
        {
            "keys": [
                7,
                {"kty": "oct", "kid": "secret", "k": "c2VjcmV0c2VjcmV0c2VjcmV0"},
                {"kty": "EC", "kid": "broken", "crv": "P-256", "x": "AA", "y": "AA"},
                {"kty": "RSA", "kid": "small", "n": "A" * 171, "e": "AQAB"},
                {"kty": "future", "kid": "future"},
                {"kty": ["EC"], "kid": "listed"},
                {**good, "kid": "encryption", "use": "enc"},
                {**issuer.keys[0].as_dict(private=True), "kid": "leaked"},
                {name: value for name, value in good.items() if name != "kid"},
                good,
            ]
        }
    )
    keys = IssuerKeys(issuer.url, Discovery(session, issuer.url), KeyPolicy(cool_down_s=1000), clock)
    found = await keys.find(str(good["kid"]))
    assert found is not None
    others = ("secret", "broken", "small", "future", "encryption", "leaked", "listed")
    assert [await keys.find(name) for name in others] == [None] * 7


@pytest.mark.parametrize(
    ("description", "body", "cause"),
    [
        ({"issuer": "https://example.org"}, None, "its discovery document names another issuer"),
        ({"jwks_uri": "http://example.org/keys"}, None, "its jwks_uri must be https"),
        ({"jwks_uri": "file:///etc/passwd"}, None, "its jwks_uri is not a plain address"),
        ({"jwks_uri": "http://[/"}, None, "its jwks_uri is not an address"),
        ({}, '{"keys":[]}', "its key set has no key that can verify a signature"),
        ({}, "x" * (MAX_DOCUMENT_BYTES + 1), f"it answered more than {MAX_DOCUMENT_BYTES} bytes"),
    ],
)
async def test_a_wrong_issuer_gives_one_clear_line(
    issuer: Issuer, session: aiohttp.ClientSession, description: dict[str, str], body: str | None, cause: str
) -> None:
    issuer.description, issuer.body = description, body
    verifier = oidc_verifier(session, issuer=issuer.url, audience="reintegration")
    with pytest.raises(IssuerUnavailableError) as caught:
        await verifier.load()
    assert caught.value.message == f"The identity provider {issuer.url} can't be used: {cause}."


async def test_redirects_are_not_followed_and_a_missing_document_is_named(issuer: Issuer, session: aiohttp.ClientSession) -> None:
    with pytest.raises(IssuerUnavailableError) as caught:
        await Discovery(session, f"{issuer.url}/elsewhere")()
    assert caught.value.cause == "it answered 404"


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org",
        "ftp://localhost",
        "localhost",
        "https://",
        "https://user@example.org",
        "https://example.org/?a=b",
        "https://example.org/#a",
        "https://example.org:99999",
        "http://127.0.0.1.example.org",
    ],
)
async def test_an_address_that_can_be_no_issuer_is_refused_at_once(session: aiohttp.ClientSession, address: str) -> None:
    with pytest.raises(IssuerUnavailableError):
        oidc_verifier(session, issuer=address, audience="reintegration")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "token"])
def test_a_request_without_a_bearer_token_is_named_so(header: str | None) -> None:
    with pytest.raises(AuthenticationError) as caught:
        bearer_token(header)
    assert caught.value.reason is Reason.TOKEN_MISSING


def test_the_scheme_is_read_in_any_case() -> None:
    assert [bearer_token("Bearer abc"), bearer_token("bearer  abc ")] == ["abc", "abc"]


class Offices:
    """A directory of one office and one partner."""

    async def office_ids(self, codes: frozenset[str]) -> Mapping[str, UUID]:
        return {code: UUID(int=1) for code in codes if code == "IOM-BR"}

    async def partner_id(self, code: str) -> UUID | None:
        return UUID(int=2) if code == "IOM" else None


async def test_codes_become_ids_or_the_sign_in_fails() -> None:
    officer = Claims("ana", Role.FIELD_OFFICER, frozenset({"IOM-BR"}), None, NOW)
    assert await actor_from(officer, Offices()) == Actor("ana", Role.FIELD_OFFICER, frozenset({UUID(int=1)}), None)
    coordinator = Claims("bo", Role.PARTNER_COORDINATOR, frozenset(), "IOM", NOW)
    assert await actor_from(coordinator, Offices()) == Actor("bo", Role.PARTNER_COORDINATOR, frozenset(), UUID(int=2))
    with pytest.raises(AuthenticationError) as caught:
        await actor_from(Claims("ana", Role.FIELD_OFFICER, frozenset({"IOM-BR", "IOM-XX"}), None, NOW), Offices())
    assert caught.value.reason is Reason.OFFICE_UNKNOWN
    with pytest.raises(AuthenticationError) as caught:
        await actor_from(Claims("bo", Role.PARTNER_COORDINATOR, frozenset(), "RED", NOW), Offices())
    assert caught.value.reason is Reason.PARTNER_UNKNOWN


def development(folder: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(folder, oidc_issuer=None, production=False)


async def test_development_tokens_pass_the_ordinary_verifier(tmp_path: Path) -> None:
    token = development(tmp_path).issue("bo", Role.PARTNER_COORDINATOR, partner="IOM")
    claims = await development(tmp_path).verifier().verify(token)
    assert (claims.subject, claims.role, claims.office_codes, claims.partner_code) == (
        "bo",
        Role.PARTNER_COORDINATOR,
        frozenset(),
        "IOM",
    )
    left = claims.expires_at - datetime.now(UTC)
    assert timedelta(hours=7, minutes=59) < left <= timedelta(hours=8)


async def test_development_keys_are_private_to_the_user_and_rotate(tmp_path: Path) -> None:
    issuer = development(tmp_path)
    old = issuer.issue("ana", Role.AUDITOR)
    files = list((tmp_path / "identity").iterdir())
    assert [(file.name, file.stat().st_mode & 0o777) for file in files] == [("development-keys.json", 0o600)]
    issuer.rotate()
    new = issuer.issue("ana", Role.AUDITOR)
    verifier = issuer.verifier()
    assert [(await verifier.verify(token)).subject for token in (old, new)] == ["ana", "ana"]
    stored = json.loads(files[0].read_bytes())["keys"]
    assert ["d" in key for key in stored] == [True, False]
    assert [set(key) & {"d"} for key in json.loads(await issuer.key_set())["keys"]] == [set(), set()]
    assert list((tmp_path / "identity").iterdir()) == files
    assert files[0].stat().st_mode & 0o777 == 0o600


async def test_many_first_uses_at_once_agree_on_one_key(tmp_path: Path) -> None:
    tokens = await asyncio.gather(
        *(asyncio.to_thread(development(tmp_path).issue, f"user-{number}", Role.AUDITOR) for number in range(8))
    )
    verifier = development(tmp_path).verifier()
    assert [(await verifier.verify(token)).subject for token in tokens] == [f"user-{number}" for number in range(8)]


@pytest.mark.parametrize(
    ("oidc_issuer", "production", "line"),
    [
        ("https://id.example.org", False, "OIDC_ISSUER is set, so tokens come from there"),
        (None, True, "this is the production profile; set OIDC_ISSUER"),
    ],
)
def test_the_development_issuer_is_refused(tmp_path: Path, oidc_issuer: str | None, line: str, *, production: bool) -> None:
    with pytest.raises(DevelopmentIssuerRefusedError) as caught:
        DevelopmentIssuer(tmp_path, oidc_issuer=oidc_issuer, production=production)
    assert caught.value.message == f"The development issuer is refused: {line}."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("role", "offices", "partner", "lifetime", "field"),
    [
        (Role.SYSTEM, (), None, timedelta(hours=1), "role"),
        (Role.FIELD_OFFICER, (), None, timedelta(hours=1), "scope"),
        (Role.AUDITOR, (), "IOM", timedelta(hours=1), "scope"),
        (Role.AUDITOR, (), None, timedelta(hours=25), "lifetime"),
        (Role.AUDITOR, (), None, timedelta(0), "lifetime"),
    ],
)
def test_the_development_issuer_signs_nothing_that_would_be_refused(
    tmp_path: Path, role: Role, offices: tuple[str, ...], partner: str | None, lifetime: timedelta, field: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        development(tmp_path).issue("ana", role, offices, partner, lifetime)
    assert caught.value.field == field
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("mode", "content"), [(0o644, None), (0o600, b"{}"), (0o600, b'{"keys":[{"kty":"EC"}]}')])
def test_a_key_file_that_leaked_or_broke_is_refused(tmp_path: Path, mode: int, content: bytes | None) -> None:
    development(tmp_path).issue("ana", Role.AUDITOR)
    file = tmp_path / "identity" / "development-keys.json"
    file.write_bytes(content or file.read_bytes())
    file.chmod(mode)
    with pytest.raises(DevelopmentIssuerRefusedError):
        development(tmp_path).issue("ana", Role.AUDITOR)


async def test_a_remembered_signature_forgives_neither_time_nor_another_text(
    issuer: Issuer, session: aiohttp.ClientSession
) -> None:
    times = [NOW]
    keys = IssuerKeys(issuer.url, Discovery(session, issuer.url))
    verifier = TokenVerifier(issuer=issuer.url, audience="reintegration", keys=keys, now=lambda: times[-1])
    token = issuer.token()
    for _ in range(3):
        assert (await verifier.verify(token)).subject
    head, payload, signature = token.split(".")
    forged = encoded(b'{"sub":"somebody else"}')
    assert await reason_of(verifier, f"{head}.{forged}.{signature}") is AuthenticationReason.SIGNATURE_WRONG
    assert await reason_of(verifier, f"{head}.{payload}.{signature[::-1]}") is AuthenticationReason.SIGNATURE_WRONG
    times.append(NOW + timedelta(days=2))
    assert await reason_of(verifier, token) is AuthenticationReason.EXPIRED
    await verifier.close()
