"""The development issuer: signs tokens on this machine where no identity provider is configured.

Its key set reaches the verifier as a document read in this process, not over HTTP: everything after the fetch is the same
path, a token needs no running server to be issued or checked, and it outlives a change of port.
"""

import asyncio
import json
import os
import secrets
import stat
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from reintegration.identity.claims import scope_fault, subject_fault
from reintegration.identity.errors import DevelopmentIssuerRefusedError, IssuerUnavailableError
from reintegration.identity.keys import IssuerKeys, KeyPolicy
from reintegration.identity.strict_json import parse_object
from reintegration.identity.tokens import TokenVerifier
from reintegration.kernel import clock
from reintegration.kernel.actor import Role
from reintegration.kernel.errors import InvalidInputError

DEVELOPMENT_ISSUER = "urn:reintegration:development-issuer"
DEVELOPMENT_AUDIENCE = "reintegration"
DEFAULT_LIFETIME = timedelta(hours=8)
MAX_LIFETIME = timedelta(hours=24)

_ALGORITHM = "ES256"
_KEPT_KEYS = 16
_FILE_NAME = "development-keys.json"
_PRIVATE_MODE = 0o600


class DevelopmentIssuer:
    """Issues tokens with a key under `data_dir`/identity, made on first use.

    Raises:
        DevelopmentIssuerRefusedError: an identity provider is configured, or the profile is production.
    """

    def __init__(self, data_dir: Path, *, oidc_issuer: str | None, production: bool) -> None:
        if oidc_issuer:
            raise DevelopmentIssuerRefusedError(cause="OIDC_ISSUER is set, so tokens come from there")
        if production:
            raise DevelopmentIssuerRefusedError(cause="this is the production profile; set OIDC_ISSUER")
        self._path = data_dir / "identity" / _FILE_NAME

    def issue(
        self,
        subject: str,
        role: Role,
        offices: Collection[str] = (),
        partner: str | None = None,
        lifetime: timedelta = DEFAULT_LIFETIME,
    ) -> str:
        """A token for `subject`, signed with the newest key.

        Raises:
            InvalidInputError: a subject, role, scope or lifetime that the verifier would refuse.
            DevelopmentIssuerRefusedError: the key file can't be used.
        """
        if role is Role.SYSTEM:
            raise InvalidInputError(field="role", reason="no token can carry system")
        if (fault := subject_fault(subject)) is not None:
            raise InvalidInputError(field="subject", reason=fault)
        if (fault := scope_fault(role, offices, partner)) is not None:
            raise InvalidInputError(field="scope", reason=fault)
        if not timedelta(seconds=1) <= lifetime <= MAX_LIFETIME:
            raise InvalidInputError(field="lifetime", reason="1 second to 24 hours")
        issued_at = int(clock.now().timestamp())
        claims: dict[str, object] = {
            "iss": DEVELOPMENT_ISSUER,
            "aud": DEVELOPMENT_AUDIENCE,
            "sub": subject,
            "role": role.value,
            "iat": issued_at,
            "exp": issued_at + int(lifetime.total_seconds()),
        }
        if offices:
            claims["offices"] = sorted(set(offices))
        if partner is not None:
            claims["partner"] = partner
        key = self._keys()[0]
        return jwt.encode({"alg": _ALGORITHM, "kid": key.kid}, claims, key, algorithms=[_ALGORITHM])

    def rotate(self) -> None:
        """Sign with a new key from now on; the old one's public half stays, its private half is forgotten.

        Of two rotations at the same moment, one key wins; both leave a file that can be read.
        """
        kept = [key.as_dict(private=False) for key in self._keys()[: _KEPT_KEYS - 1]]
        temporary = self._write_temporary([_new_key().as_dict(private=True), *kept])
        temporary.replace(self._path)

    def verifier(self) -> TokenVerifier:
        """The ordinary verifier, fed with this issuer's public keys."""
        keys = IssuerKeys(DEVELOPMENT_ISSUER, self.key_set, KeyPolicy(cool_down_s=1, retry_s=1))
        return TokenVerifier(issuer=DEVELOPMENT_ISSUER, audience=DEVELOPMENT_AUDIENCE, keys=keys)

    async def key_set(self) -> bytes:
        """The public keys as a JSON key set.

        Raises:
            IssuerUnavailableError: the key file can't be used.
        """
        try:
            keys = await asyncio.to_thread(self._keys)
        except DevelopmentIssuerRefusedError as error:
            raise IssuerUnavailableError(issuer=DEVELOPMENT_ISSUER, cause=error.cause) from error
        return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()

    def _keys(self) -> list[ECKey]:
        """The keys, newest first; the first one can sign. Makes the file when there is none."""
        if not self._path.exists():
            self._create()
        if os.name == "posix" and stat.S_IMODE(self._path.stat().st_mode) & ~_PRIVATE_MODE:
            raise DevelopmentIssuerRefusedError(cause=f"others may read {self._path}; delete it and a new key is made")
        try:
            listed = parse_object(self._path.read_bytes())["keys"]
            keys = [ECKey.import_key(entry) for entry in listed] if isinstance(listed, list) else []
        except (OSError, JoseError, ValueError, TypeError, KeyError):
            keys = []
        if not keys or not keys[0].is_private:
            raise DevelopmentIssuerRefusedError(cause=f"{self._path} is not a key file; delete it and a new key is made")
        return keys

    def _create(self) -> None:
        """Make the first key; of several processes that try, one wins and the others use its key."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._write_temporary([_new_key().as_dict(private=True)])
        try:
            self._path.hardlink_to(temporary)
        except FileExistsError:
            return
        finally:
            temporary.unlink()

    def _write_temporary(self, keys: list[dict[str, str | list[str]]]) -> Path:
        """A complete, private file beside the real one, to be moved into its place."""
        temporary = self._path.with_name(f".{_FILE_NAME}.{secrets.token_hex(8)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps({"keys": keys}).encode())
            file.flush()
            os.fsync(file.fileno())
        return temporary


def _new_key() -> ECKey:
    """A fresh P-256 key whose id is its thumbprint (RFC 7638)."""
    return ECKey.generate_key("P-256", {"alg": _ALGORITHM, "use": "sig"}, auto_kid=True)
