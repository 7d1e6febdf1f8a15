"""OpenID Connect discovery: from an issuer's address to its key set, over HTTP, with limits."""

import ipaddress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

import aiohttp

from reintegration.identity.errors import IssuerUnavailableError
from reintegration.identity.strict_json import parse_object

TIMEOUT_S = 5
MAX_DOCUMENT_BYTES = 262_144
_CHUNK_BYTES = 16_384
_TIMEOUT = aiohttp.ClientTimeout(total=TIMEOUT_S)
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Discovery:
    """Fetches an issuer's key set; called once per refresh, so that a moved `jwks_uri` is followed.

    Raises:
        IssuerUnavailableError: on construction, when the issuer isn't https (or loopback) without query and fragment.
    """

    session: aiohttp.ClientSession
    issuer: str

    def __post_init__(self) -> None:
        """Refuse an address that can't be an issuer before anything is sent to it."""
        self._checked(self.issuer, "OIDC_ISSUER", may_be_plain=True)

    async def __call__(self) -> bytes:
        """The JSON of the key set.

        Raises:
            IssuerUnavailableError: no answer in time, another status than 200, too large, or a document that is not
                this issuer's.
        """
        described = await self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            document = parse_object(described)
        except ValueError:
            raise self._unavailable("its discovery document is not a JSON object") from None
        if document.get("issuer") != self.issuer:
            raise self._unavailable("its discovery document names another issuer")
        address = document.get("jwks_uri")
        if not isinstance(address, str):
            raise self._unavailable("its discovery document names no jwks_uri")
        # An issuer elsewhere must not point us at our own loopback.
        self._checked(address, "its jwks_uri", may_be_plain=_is_loopback(urlsplit(self.issuer)))
        return await self._get(address)

    async def _get(self, address: str) -> bytes:
        """The body of a plain GET, without redirects, bounded in time and size."""
        try:
            async with self.session.get(address, timeout=_TIMEOUT, allow_redirects=False, headers=_HEADERS) as response:
                if response.status != HTTPStatus.OK:
                    raise self._unavailable(f"it answered {response.status}")
                body = bytearray()
                async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                    body += chunk
                    if len(body) > MAX_DOCUMENT_BYTES:
                        raise self._unavailable(f"it answered more than {MAX_DOCUMENT_BYTES} bytes")
                return bytes(body)
        except TimeoutError:
            raise self._unavailable(f"no answer within {TIMEOUT_S} s") from None
        except aiohttp.ClientError as error:
            raise self._unavailable(type(error).__name__) from error

    def _checked(self, address: str, name: str, *, may_be_plain: bool) -> None:
        """Refuse an address that is not https, unless it is loopback and may be."""
        try:
            parts = urlsplit(address)
            loopback = _is_loopback(parts)
            named = bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            raise self._unavailable(f"{name} is not an address") from None
        if not named or parts.username is not None or parts.fragment or (parts.query and name == "OIDC_ISSUER"):
            raise self._unavailable(f"{name} is not a plain address")
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback and may_be_plain):
            raise self._unavailable(f"{name} must be https")

    def _unavailable(self, cause: str) -> IssuerUnavailableError:
        """The one error of this module."""
        return IssuerUnavailableError(issuer=self.issuer, cause=cause)


def _is_loopback(parts: SplitResult) -> bool:
    """Whether the host is this machine by name or number."""
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
