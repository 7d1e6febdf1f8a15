"""Where an S3 bucket is and which keys open it."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class ObjectStoreAddress:
    """One bucket. Without `endpoint_url` it is AWS; without keys boto3's own chain (role, profile) finds them."""

    bucket: str
    endpoint_url: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    region: str = "eu-west-1"

    @property
    def is_loopback(self) -> bool:
        """Whether the endpoint is this machine, so that no proxy may stand between."""
        return self.endpoint_url is not None and urlsplit(self.endpoint_url).hostname in _LOOPBACK

    @property
    def place(self) -> str:
        """The endpoint as an operator reads it; never with user information."""
        if self.endpoint_url is None:
            return f"AWS S3 in {self.region}"
        parts = urlsplit(self.endpoint_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
