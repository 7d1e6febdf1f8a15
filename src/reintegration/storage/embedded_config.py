"""What the embedded S3 server is told: S3 is its one door.

It is several servers in one process, all on loopback. S3 asks for its keys; the filer and the master speak no HTTP; a volume
wants a token signed with a key that only this server has, for reads and for writes. What stays open to other users of this
machine, though to no browser: gRPC between the parts, and the volume's `/status` and the master's `/cluster/status`, which
tell sizes and ports. Who shares the machine with strangers names a real store by S3_ENDPOINT_URL.
"""

import json
import secrets
from typing import Final

from reintegration.storage.embedded_state import ServerState

_VOLUME_LIMIT_MB: Final = 128
"""Small volumes: the free disk divided by this is the number of volumes, and each bucket takes its own."""
_SIGNED: Final = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
"""Writes and reads of volumes, writes and reads of the filer."""


def s3_config(state: ServerState) -> str:
    """The one identity; without this file S3 would be open to everybody on this machine."""
    credentials = [{"accessKey": state.access_key, "secretKey": state.secret_key}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    return json.dumps({"identities": [{"name": "reintegration", "credentials": credentials, "actions": actions}]})


def security_config() -> str:
    """New signing keys for each start: a token lives for seconds and only between the server's own parts."""
    return "".join(f'[{name}]\nkey = "{secrets.token_hex(32)}"\n\n' for name in _SIGNED)


def flags(state: ServerState) -> list[str]:
    """Loopback only, no telemetry, no side doors, every port given.

    Without HTTP the filer and the master answer gRPC alone: a master with HTTP would sign a volume's token for anybody.

    The sockets' names are relative because a socket's path may have 107 bytes only.
    """
    ports = state.ports
    return [
        "-dir=data",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        f"-master.volumeSizeLimitMB={_VOLUME_LIMIT_MB}",
        "-webdav=false",
        "-admin.ui=false",
        f"-master.port={ports.master}",
        f"-master.port.grpc={ports.master_grpc}",
        f"-volume.port={ports.volume}",
        f"-volume.port.grpc={ports.volume_grpc}",
        f"-filer.port={ports.filer}",
        f"-filer.port.grpc={ports.filer_grpc}",
        "-filer.localSocket=filer.sock",
        f"-admin.port={ports.admin}",
        f"-admin.port.grpc={ports.admin_grpc}",
        f"-s3.port={ports.s3}",
        f"-s3.port.grpc={ports.s3_grpc}",
        "-disableHttp=true",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.config=s3.json",
        "-s3.localSocket=s3.sock",
        "-s3.autoCreateBucket=false",
    ]
