"""An issuer's public keys: fetched once for everybody who waits, and never at an attacker's command."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from reintegration.identity.errors import IssuerUnavailableError
from reintegration.identity.strict_json import parse_object

KeyFetch = Callable[[], Awaitable[bytes]]
"""Gets the JSON of a key set (RFC 7517, section 5) or raises IssuerUnavailableError."""

_MAX_KEYS = 64
_MIN_RSA_MODULUS_LENGTH = 342  # 2,048 bits in base64url
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """When keys are fetched; seconds.

    Within `cool_down_s` of a fetch an unknown key id is refused unasked: forged ids cost the issuer at most one fetch
    per cool-down, and a key used within `cool_down_s` of being published waits that long. After `refresh_s` the set is
    renewed in the background; after `trusted_s` without a renewal it is trusted no longer, so that a key that was
    withdrawn can't live on behind an outage.
    """

    cool_down_s: int = 30
    retry_s: int = 2
    refresh_s: int = 900
    trusted_s: int = 14_400


class IssuerKeys:
    """The current key set of one issuer, shared by all requests of one event loop."""

    def __init__(
        self,
        issuer: str,
        fetch: KeyFetch,
        policy: KeyPolicy | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._policy = policy or KeyPolicy()
        self._monotonic = monotonic
        self._keys: dict[str, Key] = {}
        self._fetched_at: float | None = None
        self._asked_at: float | None = None
        self._failure: IssuerUnavailableError | None = None
        self._pending: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> Key | None:
        """The key of that id; None when the issuer has none, as far as it may be asked now.

        Raises:
            IssuerUnavailableError: no key set that may still be trusted.
        """
        if not self._is_younger_than(self._policy.trusted_s) or key_id not in self._keys:
            await self._refresh()
        elif not self._is_younger_than(self._policy.refresh_s):
            self._start()
        if not self._is_younger_than(self._policy.trusted_s) and self._failure is not None:
            raise self._failure
        return self._keys.get(key_id)

    async def load(self) -> None:
        """Fetch now, so that a wrong issuer is known at the start.

        Raises:
            IssuerUnavailableError: it can't be reached or has no usable key.
        """
        await self._refresh()
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._pending is not None:
            self._pending.cancel()
            await asyncio.gather(self._pending, return_exceptions=True)

    def _is_younger_than(self, age_s: int) -> bool:
        """Whether the set was fetched within the last `age_s`."""
        return self._fetched_at is not None and self._monotonic() - self._fetched_at < age_s

    async def _refresh(self) -> None:
        """Wait for the fetch under way, or for a new one if one may start; a waiter who leaves doesn't end it."""
        pending = self._start()
        if pending is not None:
            await asyncio.shield(pending)

    def _start(self) -> asyncio.Task[None] | None:
        """The fetch under way: the present one, or a new one unless the last is too recent."""
        if self._pending is None:
            pause_s = self._policy.cool_down_s if self._failure is None else self._policy.retry_s
            if self._asked_at is not None and self._monotonic() - self._asked_at < pause_s:
                return None
            self._pending = asyncio.create_task(self._ask())
        return self._pending

    async def _ask(self) -> None:
        """One fetch; its outcome is kept, for the waiters and for whoever comes within the pause."""
        try:
            keys = _usable_keys(await self._fetch())
        except IssuerUnavailableError as error:
            self._fail(error.cause)
        else:
            if keys:
                self._keys, self._failure, self._fetched_at = keys, None, self._monotonic()
            else:
                self._fail("its key set has no key that can verify a signature")
        finally:
            self._asked_at = self._monotonic()
            self._pending = None

    def _fail(self, cause: str) -> None:
        """Keep why there are no new keys; the old ones stay until they are too old to trust, and the log says so.

        Without old ones whoever waits is told by the error: at the start that is the operator, and once is enough.
        """
        self._failure = IssuerUnavailableError(issuer=self._issuer, cause=cause)
        if self._fetched_at is not None:
            _LOG.warning("the issuer's keys could not be fetched", extra={"cause": cause})


def _usable_keys(document: bytes) -> dict[str, Key]:
    """The set's keys that can verify a signature, by id; of two with one id, the first. None in what is no key set."""
    try:
        listed = parse_object(document).get("keys")
    except ValueError:
        return {}
    if not isinstance(listed, list):
        return {}
    keys: dict[str, Key] = {}
    for entry in listed[:_MAX_KEYS]:
        key = _usable_key(entry)
        if key is not None and key.kid is not None:
            keys.setdefault(key.kid, key)
    return keys


def _usable_key(entry: object) -> Key | None:
    """A public signature key with an id; anything else in a set is passed over (RFC 7517, section 5)."""
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str) or entry.get("use", "sig") != "sig":
        return None
    if entry.get("kty") not in (RSAKey.key_type, ECKey.key_type, OKPKey.key_type) or "d" in entry:
        return None
    if entry["kty"] == RSAKey.key_type and len(str(entry.get("n", ""))) < _MIN_RSA_MODULUS_LENGTH:
        return None
    try:
        return import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
