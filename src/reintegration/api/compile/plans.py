"""Plans: what compiling a document for a role gave, kept in stages so that a request pays only for what is its own.

    document, operation, role       →  Plan: variables, roots, cost
    + values of its directives      →  Roots: the root fields and their arguments
    + types that `node` ids name    →  Tree: the arguments of nested connections
    + shapes of all arguments       →  Statement: SQL, and which argument is which parameter

Each stage is bounded.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    VariableDefinitionNode,
)
from graphql.execution.values import VariableValues

from reintegration.api.compile.arguments import Arguments, FieldArguments, Raw
from reintegration.api.compile.python import Computation
from reintegration.api.compile.render import Renderer
from reintegration.api.compile.selection import Selections, condition_variables
from reintegration.api.compile.shapes import Bound, Shape, bound, bound_page
from reintegration.api.compile.sources import UncompilableError, source_of
from reintegration.api.compile.text import Text, json_object, json_string
from reintegration.api.connections import window
from reintegration.api.cost import operation_cost
from reintegration.api.pages import PagesOf
from reintegration.api.reading import Describe, Described
from reintegration.database.snapshot import FIRST_PARAMETER, one_statement
from reintegration.kernel.actor import Actor, Role

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")

_VARIANTS = 16
_STATEMENTS = 64
_COSTS = 256


class Recent(Generic[KeyT, ValueT]):
    """What was made most recently, a bounded number of things."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[KeyT, ValueT] = OrderedDict()

    def get(self, key: KeyT, make: Callable[[], ValueT]) -> ValueT:
        """What stands under the key, made if it isn't there."""
        found = self._items.get(key)
        if found is None:
            found = self._items[key] = make()
            if len(self._items) > self._size:
                self._items.popitem(last=False)
        else:
            self._items.move_to_end(key)
        return found

    def __len__(self) -> int:
        """How many there are."""
        return len(self._items)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with its parameters by call and value, and what Python computes in its answer."""

    sql: str
    bindings: tuple[tuple[int, int], ...]
    computations: tuple[Computation, ...]

    def parameters(self, calls: list[Bound]) -> list[object]:
        """The parameters of one request."""
        return [calls[call].values[value] for call, value in self.bindings]


@dataclass(frozen=True, slots=True)
class RootCall:
    """A root field with arguments."""

    key: str
    nodes: tuple[FieldNode, ...]
    field: GraphQLField
    describe: Describe
    arguments: FieldArguments

    def bind(self, actor: Actor, variables: VariableValues) -> Bound:
        """Its arguments in this request; raises what its resolver would."""
        return bound(self.describe(actor, **self.arguments.read(variables)))


@dataclass(frozen=True, slots=True)
class PageCall:
    """A nested connection."""

    arguments: FieldArguments
    source: PagesOf

    def bind(self, variables: VariableValues) -> Bound:
        """Its arguments in this request; raises what its resolver would."""
        given = self.arguments.read(variables)
        order = self.source.order
        page = window(order.ordering, *(cast("None", given.get(name)) for name in ("first", "after", "last", "before")))
        return bound_page(self.source.kind, order, page)


@dataclass(slots=True)
class Tree:
    """The connections below the roots, and the statements of all shapes of their arguments."""

    pages: list[PageCall] = field(default_factory=list)
    statements: Recent[tuple[Shape, ...], Statement] = field(default_factory=lambda: Recent(_STATEMENTS))


@dataclass(slots=True)
class Roots:
    """The root fields, with the directives decided."""

    selections: Selections
    calls: tuple[RootCall, ...]
    constants: Mapping[str, str]
    """Root fields without a source: `__typename`."""
    order: tuple[str, ...]
    trees: Recent[tuple[str, ...], Tree] = field(default_factory=lambda: Recent(_VARIANTS))


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes and keeps the statements of bound root fields, for one role."""

    arguments: Arguments
    role: Role

    def statement(self, roots: Roots, calls: list[Bound], variables: VariableValues) -> tuple[Statement, list[object]]:
        """The statement for the roots' bound arguments, and its parameters; raises as `Plan.statement`."""
        kinds = tuple(call.shape.kind for call in calls)
        tree = roots.trees.get(kinds, lambda: self._make_tree(roots, calls, variables))
        bounds = [*calls, *(page.bind(variables) for page in tree.pages)]
        shapes = tuple(call.shape for call in bounds)
        statement = tree.statements.get(shapes, lambda: self._render(roots, bounds, variables, Tree()))
        return statement, statement.parameters(bounds)

    def _make_tree(self, roots: Roots, calls: list[Bound], variables: VariableValues) -> Tree:
        """Find the nested connections by rendering once; what came out is the first statement."""
        tree = Tree()
        bounds = list(calls)
        statement = self._render(roots, bounds, variables, tree)
        tree.statements.get(tuple(call.shape for call in bounds), lambda: statement)
        return tree

    def _render(self, roots: Roots, calls: list[Bound], variables: VariableValues, tree: Tree) -> Statement:
        """Make the SQL. Nested connections are bound in the order in which they are met, and put into `tree` and `calls`."""
        bindings: dict[tuple[int, int], int] = {}

        def place(call: int, value: int) -> str:
            return f"${FIRST_PARAMETER + bindings.setdefault((call, value), len(bindings))}"

        def bind_page(node: FieldNode, definition: GraphQLField, source: PagesOf) -> tuple[int, Bound]:
            page = PageCall(self.arguments.of(definition, node), source)
            tree.pages.append(page)
            number = len(roots.calls) + len(tree.pages) - 1
            if number == len(calls):
                calls.append(page.bind(variables))
            return number, calls[number]

        renderer = Renderer(roots.selections, self.role, bind_page, place)
        numbers = {call.key: number for number, call in enumerate(roots.calls)}
        members: list[tuple[str, Text]] = []
        for key in roots.order:
            if key in numbers:
                call = roots.calls[numbers[key]]
                members.append((key, renderer.root(call.field, call.nodes, numbers[key], calls[numbers[key]])))
            else:
                members.append((key, json_string(roots.constants[key])))
        sql = one_statement(json_object(members).sql)
        return Statement(sql, tuple(bindings), tuple(renderer.computations))


class Plan:
    """How one query of a validated document is answered for one role. Nothing here holds an actor or a value of a request."""

    def __init__(self, arguments: Arguments, document: DocumentNode, operation: OperationDefinitionNode, role: Role) -> None:
        self.arguments = arguments
        self.schema = arguments.schema._schema  # noqa: SLF001 - Strawberry has no accessor
        self.document = document
        self.operation = operation
        self.composer = Composer(arguments, role)
        definitions = tuple(operation.variable_definitions or ())
        self.variables = arguments.variables(definitions)
        self._fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
        self._conditions = condition_variables(document.definitions)
        self._numbers = tuple(item.variable.name.value for item in definitions if _is_int(item))
        self._costs: Recent[tuple[object, ...], int] = Recent(_COSTS)
        self._roots: Recent[tuple[object, ...], Roots] = Recent(_VARIANTS)

    def cost(self, raw: Raw) -> int:
        """The operation's cost with these raw variables, as api/cost.py counts it: only whole numbers change it."""
        key = tuple(value if type(value := raw.get(name)) is int else None for name in self._numbers)
        return self._costs.get(key, lambda: operation_cost(self.schema, self.document, self.operation, raw))

    def statement(self, actor: Actor, variables: VariableValues) -> tuple[Statement, list[object]]:
        """The statement for these coerced variables, and its parameters.

        Raises:
            UncompilableError: resolvers must answer.
            DomainError, GraphQLError: an argument is refused; resolvers say so.
        """
        decided = tuple(variables.coerced.get(name) for name in self._conditions)
        if not all(isinstance(value, bool) for value in decided):
            raise UncompilableError("a directive without a condition")
        roots = self._roots.get(decided, lambda: self._make_roots(variables))
        calls = [call.bind(actor, variables) for call in roots.calls]
        return self.composer.statement(roots, calls, variables)

    def _make_roots(self, variables: VariableValues) -> Roots:
        booleans = {name: bool(variables.coerced.get(name)) for name in self._conditions}
        selections = Selections(self.schema, self._fragments, booleans)
        query = cast("GraphQLObjectType", self.schema.query_type)
        calls, constants, order = [], {}, []
        for key, nodes in selections.fields([self.operation.selection_set], query).items():
            name = nodes[0].name.value
            order.append(key)
            if name == "__typename":
                constants[key] = query.name
                continue
            if name.startswith("__"):
                raise UncompilableError("introspection")
            source = source_of(query.name, name, query.fields[name])
            if not isinstance(source, Described):
                raise UncompilableError(f"{query.name}.{name}")
            arguments = self.arguments.of(query.fields[name], nodes[0])
            calls.append(RootCall(key, tuple(nodes), query.fields[name], source.describe, arguments))
        return Roots(selections, tuple(calls), constants, tuple(order))


def _is_int(item: VariableDefinitionNode) -> bool:
    """Whether a variable can hold a whole number."""
    kind = item.type.type if isinstance(item.type, NonNullTypeNode) else item.type
    return isinstance(kind, NamedTypeNode) and kind.name.value == "Int"
