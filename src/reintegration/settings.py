"""The settings, read once from the environment; secrets stay out of logs, tracebacks and error messages."""

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsError(Exception):
    """A setting is wrong; the message is one line that names it and never shows a secret."""


class Profile(StrEnum):
    """How strict the edge is: development shows GraphiQL and takes any document, production neither."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise ValueError("is not an address") from None
    return parts


def _database_url(value: SecretStr) -> SecretStr:
    parts = _split(value.get_secret_value())
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("must start with postgresql://")
    if not parts.path.strip("/"):
        raise ValueError("must name a database, as in postgresql://user@host/database")
    return value


def _http_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// address")
    return value.rstrip("/")


def _issuer(value: str) -> str:
    """Keys fetched in the clear could be anybody's, so only loopback may do without TLS."""
    parts = _split(value)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("must be an https:// address (http:// on loopback only)")
    return value


_DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]


class Settings(BaseSettings):
    """Everything that an installation may set; with nothing set, the embedded servers under `data_dir` are used."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True)

    data_dir: Annotated[Path, AfterValidator(Path.absolute)] = Field(
        default_factory=lambda: Path.cwd() / ".data", validation_alias="REINTEGRATION_DATA_DIR"
    )
    database_url: _DatabaseUrl | None = Field(default=None, validation_alias="DATABASE_URL")
    database_owner_url: _DatabaseUrl | None = Field(default=None, validation_alias="DATABASE_OWNER_URL")
    s3_endpoint_url: Annotated[str, AfterValidator(_http_url)] | None = Field(default=None, validation_alias="S3_ENDPOINT_URL")
    s3_bucket: str = Field(default="reintegration", pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", validation_alias="S3_BUCKET")
    aws_access_key_id: SecretStr | None = Field(default=None, validation_alias="AWS_ACCESS_KEY_ID")
    aws_secret_access_key: SecretStr | None = Field(default=None, validation_alias="AWS_SECRET_ACCESS_KEY")
    aws_region: str = Field(default="eu-west-1", min_length=1, validation_alias="AWS_REGION")
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] | None = Field(default=None, validation_alias="OIDC_ISSUER")
    oidc_audience: str = Field(default="reintegration", min_length=1, validation_alias="OIDC_AUDIENCE")
    profile: Profile = Field(default=Profile.DEVELOPMENT, validation_alias="REINTEGRATION_PROFILE")
    compiled_reads: bool = Field(default=True, validation_alias="REINTEGRATION_COMPILED_READS")
    """Whether queries are answered by compiled statements where they can be; resolvers answer them otherwise."""
    host: str = Field(default="127.0.0.1", min_length=1, validation_alias="REINTEGRATION_HOST")
    port: int = Field(default=0, ge=0, le=65535, validation_alias="REINTEGRATION_PORT")
    """0 asks the system for a free one."""

    @property
    def owner_url(self) -> SecretStr | None:
        """Where migrations run: DATABASE_OWNER_URL, or DATABASE_URL when one login does both."""
        return self.database_owner_url or self.database_url


def read_settings() -> Settings:
    """Read the environment anew.

    Raises:
        SettingsError: a value is wrong, or two contradict each other.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise SettingsError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None
    if settings.database_owner_url is not None and settings.database_url is None:
        raise SettingsError("DATABASE_OWNER_URL: is set without DATABASE_URL")
    if (settings.aws_access_key_id is None) != (settings.aws_secret_access_key is None):
        raise SettingsError("AWS_ACCESS_KEY_ID: goes together with AWS_SECRET_ACCESS_KEY; set both or none")
    return settings


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings of this process, read at the first call.

    Raises:
        SettingsError: as `read_settings`.
    """
    return read_settings()
