"""The whole graph: queries, mutations, subscriptions, and the edge around them."""

from functools import cache

from reintegration.api.edge import EdgeSchema
from reintegration.api.graph import Node, shapes
from reintegration.api.limits import Limits
from reintegration.api.live import Subscription
from reintegration.api.mutations import Mutation
from reintegration.api.queries import Query


def build_schema(*, limits: Limits | None = None, is_hardened: bool = False) -> EdgeSchema:
    """The schema, built once per process for what is asked. `is_hardened` takes away introspection and suggestions."""
    return _built(limits or Limits(), is_hardened)


@cache
def _built(limits: Limits, is_hardened: bool) -> EdgeSchema:  # noqa: FBT001 - a key
    nodes = [shape.shown_as for shape in shapes().values() if issubclass(shape.shown_as, Node)]
    return EdgeSchema(Query, Mutation, Subscription, types=nodes, limits=limits, is_hardened=is_hardened)
