"""What a server needs, loaded: its schema, too, which is kept for who asks for it again."""

import reintegration.commands.serving  # noqa: F401 - its imports are what takes long
from reintegration.api.schema import build_schema

build_schema()
