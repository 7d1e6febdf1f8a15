"""Which servers there are, how each is started and asked, and why one may be missing."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

from reintegration.web_assets import install_packages, node_command
from tests.benchmarks.canonical import Json
from tests.benchmarks.processes import ROOT, Running, python_command
from tests.benchmarks.servers.protocol import Place
from tests.benchmarks.work import HERE, Bodies, Operation, Variables, our_body, peer_variables

NODE = HERE / "node"
SERVERS: Final = ("compiled", "ordinary", "postgraphile", "mercurius", "limit")
PEERS: Final = ("postgraphile", "mercurius", "limit")


@dataclass(frozen=True, slots=True)
class Kind:
    """A server that can be started. `skips` are operations that it doesn't have."""

    name: str
    command: Callable[[], list[str]]
    body: Bodies
    is_opaque: bool
    is_compiled: bool = True
    skips: frozenset[str] = frozenset()

    def environment(self) -> Mapping[str, str]:
        """What its process is told besides its place."""
        return {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}

    def place(self, place: Place) -> Place:
        """Its place; only ours looks at the last field."""
        return replace(place, is_compiled=self.is_compiled)


def kinds(names: list[str]) -> list[Kind]:
    """The servers of these names."""
    return [_KINDS[name] for name in names]


def url_and_headers(running: Running, operation: Operation) -> tuple[str, dict[str, str]]:
    """Where an operation goes, and as whom."""
    return running.url, dict(running.headers[operation.actor])


def data_of(answer: Mapping[str, Json]) -> Json:
    """The data of a whole answer.

    Raises:
        ValueError: it has errors, or no data.
    """
    if "errors" in answer or "data" not in answer:
        raise ValueError(str(answer.get("errors", answer))[:500])
    return answer["data"]


def _node(name: str) -> Callable[[], list[str]]:
    def command() -> list[str]:
        modules = install_packages(NODE / name, ROOT / ".data")
        return [*node_command(), str(NODE / name / "server.cjs"), str(modules)]

    return command


def _mercurius_body(operation: Operation, variables: Variables) -> str:
    return json.dumps({"persisted": True, "query": operation.document, "variables": peer_variables(operation, variables)})


class PostgraphileBodies:
    """PostGraphile's cursors begin with a digest of the list's order, which its first page tells."""

    def __init__(self) -> None:
        self._orders: dict[str, str] = {}

    def __call__(self, operation: Operation, variables: Variables) -> str:
        """A persisted document with a cursor of its own kind."""
        given = peer_variables(operation, variables)
        if given.get("after") is not None:
            cursor = json.dumps([self._orders[operation.name], given["after"]], separators=(",", ":"))
            given = {"after": base64.b64encode(cursor.encode()).decode()}
        return json.dumps({"documentId": operation.document, "variables": given})

    def learn(self, operation: Operation, answer: Json) -> None:
        """Read the order from the first page of an operation's list."""
        while isinstance(answer, Mapping) and "pageInfo" not in answer:
            answer = next(iter(answer.values()))
        page = cast("Mapping[str, Mapping[str, str]]", answer)
        self._orders[operation.name] = json.loads(base64.b64decode(page["pageInfo"]["endCursor"]))[0]


def _ours() -> list[str]:
    return python_command("tests.benchmarks.servers.ours")


def _limit() -> list[str]:
    return python_command("tests.benchmarks.servers.limit")


_KINDS: Mapping[str, Kind] = {
    "compiled": Kind("compiled", _ours, our_body, is_opaque=True),
    "ordinary": Kind("ordinary", _ours, our_body, is_opaque=True, is_compiled=False),
    "postgraphile": Kind("postgraphile", _node("postgraphile"), PostgraphileBodies(), is_opaque=False),
    "mercurius": Kind("mercurius", _node("mercurius"), _mercurius_body, is_opaque=False),
    "limit": Kind("limit", _limit, our_body, is_opaque=True, skips=frozenset({"payment"})),
}
