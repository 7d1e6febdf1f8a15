"""graphql-core's execution, but for the record of a mutation's payload, which is read with what is selected of it."""

from typing import Any, cast

import orjson
from graphql import FragmentDefinitionNode, GraphQLObjectType, GraphQLResolveInfo
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from reintegration.api import loaders
from reintegration.api.compile.payloads import Place
from reintegration.api.context import ApiContext, Later
from reintegration.api.graph import shape_of


class PayloadExecutor(StrawberryGraphQLCoreExecutionContext):
    """Completes a `Later` by one compiled statement, or loads it and goes on as usual."""

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,  # noqa: ANN401 - graphql-core's own
        info: GraphQLResolveInfo[ApiContext],
        path: Path,
        result: Any,  # noqa: ANN401 - as above
        position_context: Any,  # noqa: ANN401 - as above
    ) -> Any:  # noqa: ANN401 - as above
        """See the class."""
        if isinstance(result, Later):
            return self._completed(return_type, field_details_list, info, path, result, position_context)
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    async def _completed(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,  # noqa: ANN401 - as above
        info: GraphQLResolveInfo[ApiContext],
        path: Path,
        later: Later,
        position_context: Any,  # noqa: ANN401 - as above
    ) -> object:
        context = info.context
        if context.payloads is not None:
            place = Place(
                text=context.text,
                operation=info.operation,
                fragments={name: _definition(item) for name, item in info.fragments.items()},
                path=tuple(path.as_list()),
                field=info.parent_type.fields[info.field_name],
                nodes=tuple(item.node for item in field_details_list),
                variables=self.variable_values,
            )
            data = await context.payloads.read(context, later, place)
            if data is not None:
                return orjson.Fragment(data)
        shown: object = await loaders.record(context, shape_of(later.kind).shown_as, later.key)
        completed = super().complete_object_value(return_type, field_details_list, info, path, shown, position_context)
        return await completed if self.is_awaitable(completed) else completed


def _definition(item: object) -> FragmentDefinitionNode:
    """A fragment, with or without graphql-core's details around it."""
    return cast("FragmentDefinitionNode", getattr(item, "definition", item))
