"""Bearer tokens: from the header of a request to claims that may be believed."""

import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from reintegration.identity.claims import Claims, claims_from, is_in_time
from reintegration.identity.discovery import Discovery
from reintegration.identity.errors import AuthenticationError, AuthenticationReason, IssuerUnavailableError
from reintegration.identity.keys import IssuerKeys
from reintegration.identity.strict_json import parse_object
from reintegration.kernel import clock

__all__ = ["ALGORITHMS", "MAX_TOKEN_BYTES", "Claims", "TokenVerifier", "bearer_token", "oidc_verifier"]

MAX_TOKEN_BYTES = 8_192
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448"}
)
"""Asymmetric only: with HS*, whoever has the public key could sign."""

_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})  # RFC 7519 section 5.1, RFC 9068 section 2.1
_REFUSED_HEADERS = frozenset({"jku", "x5u", "zip", "enc"})  # jwk, x5c, crit and b64 fall with "text only"
_PARTS = 3
_REMEMBERED_TOKENS = 1_000


class _Registry(JWSRegistry):
    """joserfc's registry without its warning that RFC 9864 renamed EdDSA: issuers will send the old name for years."""

    max_header_length = 2_048

    def get_alg(self, name: str) -> JWSAlgModel:
        """The algorithm of a name that `_header` has found in `ALGORITHMS`."""
        return self.algorithms[name]


_REGISTRY = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


def bearer_token(authorization: str | None) -> str:
    """The token in an Authorization header (RFC 6750, section 2.1).

    Raises:
        AuthenticationError: TOKEN_MISSING without one.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthenticationError(reason=AuthenticationReason.TOKEN_MISSING)
    return token.strip()


class TokenVerifier:
    """Verifies tokens of one issuer for one audience; the only path by which a token becomes claims."""

    def __init__(self, *, issuer: str, audience: str, keys: IssuerKeys, now: Callable[[], datetime] = clock.now) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._now = now
        self._signed = _Signed()

    async def load(self) -> None:
        """Fetch the issuer's keys now.

        Raises:
            IssuerUnavailableError: the issuer is wrong or can't be reached.
        """
        await self._keys.load()

    async def close(self) -> None:
        """End what is under way; the session belongs to whoever gave it."""
        await self._keys.close()

    async def verify(self, token: str) -> Claims:
        """The claims of a token that is whole, ours, and in its time.

        Raises:
            AuthenticationError: with the first reason found; ISSUER_UNAVAILABLE says nothing about the token.
        """
        known = self._signed.get(token)
        if known is not None and await self._key(known.key_id) is known.key and is_in_time(known.payload, self._now()):
            return known.claims
        key_id = _header(token).get("kid")
        if not isinstance(key_id, str) or not key_id:
            raise AuthenticationError(reason=AuthenticationReason.HEADER_REFUSED)
        key = await self._key(key_id)
        payload = _verified(token, key)
        claims = claims_from(payload, issuer=self._issuer, audience=self._audience, now=self._now())
        self._signed.put(token, _Known(key_id, key, payload, claims))
        return claims

    async def _key(self, key_id: str) -> Key:
        try:
            key = await self._keys.find(key_id)
        except IssuerUnavailableError:
            raise AuthenticationError(reason=AuthenticationReason.ISSUER_UNAVAILABLE) from None
        if key is None:
            raise AuthenticationError(reason=AuthenticationReason.KEY_UNKNOWN)
        return key


@dataclass(frozen=True, slots=True)
class _Known:
    """What a token says whose signature was found right, with the key that made it."""

    key_id: str
    key: Key
    payload: Mapping[str, object]
    claims: Claims


class _Signed:
    """Tokens that were let in: facts about a token and a key that time doesn't change.

    Whether the key still counts and whether the token is in its time is asked anew for each request.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def get(self, token: str) -> _Known | None:
        """What is known of this very token."""
        return self._known.get(_digest(token))

    def put(self, token: str, known: _Known) -> None:
        """Remember one, and forget the oldest."""
        self._known[_digest(token)] = known
        if len(self._known) > _REMEMBERED_TOKENS:
            self._known.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _verified(token: str, key: Key) -> Mapping[str, object]:
    """The payload of a token that this key signed.

    Raises:
        AuthenticationError: it didn't, or what it signed is no object.
    """
    try:
        signed = jws.deserialize_compact(token, key, registry=_REGISTRY)
    except (JoseError, ValueError):
        raise AuthenticationError(reason=AuthenticationReason.SIGNATURE_WRONG) from None
    try:
        return parse_object(signed.payload)
    except ValueError:
        raise AuthenticationError(reason=AuthenticationReason.TOKEN_MALFORMED) from None


def _header(token: str) -> Mapping[str, object]:
    """The token's header, not yet verified: nothing of it is used but the algorithm's name and the key's id.

    Raises:
        AuthenticationError: the token's form or header is refused.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise AuthenticationError(reason=AuthenticationReason.TOKEN_TOO_LARGE)
    parts = token.split(".")
    if len(parts) != _PARTS or not token.isascii():
        raise AuthenticationError(reason=AuthenticationReason.TOKEN_MALFORMED)
    try:
        header = parse_object(urlsafe_b64decode(parts[0].encode()))
    except (binascii.Error, ValueError):
        raise AuthenticationError(reason=AuthenticationReason.TOKEN_MALFORMED) from None
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise AuthenticationError(reason=AuthenticationReason.ALGORITHM_REFUSED)
    text_only = all(isinstance(value, str) for value in header.values())
    if not text_only or _REFUSED_HEADERS & header.keys() or str(header.get("typ")).lower() not in _TYPES:
        raise AuthenticationError(reason=AuthenticationReason.HEADER_REFUSED)
    return header


def oidc_verifier(session: aiohttp.ClientSession, *, issuer: str, audience: str) -> TokenVerifier:
    """A verifier that finds its keys by OpenID Connect discovery.

    Raises:
        IssuerUnavailableError: the issuer's address can't be one.
    """
    return TokenVerifier(issuer=issuer, audience=audience, keys=IssuerKeys(issuer, Discovery(session, issuer)))
