"""Random valid query documents, drawn from the schema and from what is known of the records, each from a seed.

What the schema has, the documents ask for sooner or later; they lean towards records, and towards answers without errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import GraphQLError, GraphQLSchema, get_operation_ast, parse, print_ast, validate

from reintegration.api.cost import operation_cost
from reintegration.api.graph import shapes
from reintegration.api.limits import Limits, document_rules
from tests.operations.random_arguments import Arguments, Nothing
from tests.operations.random_draws import Dice, Draws, Known
from tests.operations.random_graph import Graph, Steering
from tests.operations.random_selections import Definition, Selections

_SCALES = (1.0, 0.7, 0.5, 0.3, 0.2, 0.1)
"""Sizes of the documents that are tried for a seed, until one is within the limits."""
_BEYOND = 12.0
_INTROSPECTION = (
    "__schema { queryType { name } }",
    '__type(name: "Case") { kind name fields { name type { kind name ofType { name } } } }',
    '__type(name: "Nothing") { name }',
)


def of_tables(weight: float = 3.0) -> Mapping[str, float]:
    """Weights that lean towards what reads a table, records and lists of them, and away from long lists of reference data."""
    kinds = {kind: weight for name in shapes() for kind in (name, f"{name}Connection")}
    roots = {
        "Query.cases": 2.0,
        "Query.countries": 0.2,
        "Query.exchangeRates": 0.4,
        "Query.node": 2 * weight,
        "Query.tariffs": 0.4,
    }
    deep = dict.fromkeys(("Explanation", "AssessmentStep", "AssessmentStream"), weight)  # whose parts few documents reach
    return kinds | roots | deep | {"Money": weight, "Query.payments": 2.0}


@dataclass(frozen=True, slots=True)
class RandomDocument:
    """A document, and what is sent with it."""

    query: str
    variables: dict[str, object]
    operation_name: str | None


@dataclass(slots=True)
class DocumentMaker:
    """Makes documents over one schema. The same seed, schema, knowledge and steering give the same document."""

    schema: GraphQLSchema
    known: Known
    steering: Steering = field(default_factory=lambda: Steering(weights=of_tables()))
    limits: Limits = field(default_factory=Limits)
    graph: Graph = field(init=False)

    def __post_init__(self) -> None:
        self.graph = Graph(self.schema, self.steering.weights)

    def make(self, seed: int) -> RandomDocument:
        """The document of a seed: a smaller one where the first would pass a limit, or a large one for the share that may."""
        may_pass = Dice(f"{seed} beyond").chance(self.steering.beyond)
        scales = (_BEYOND,) if may_pass else _SCALES
        for attempt, scale in enumerate(scales):
            made = self._drawn(Dice(f"{seed} {attempt}"), scale)
            if self.is_within_limits(made):
                break
        return made

    def is_within_limits(self, made: RandomDocument) -> bool:
        """Whether the API would answer a valid document of this size and cost."""
        try:
            document = parse(made.query, no_location=True, max_lexical_tokens=self.limits.tokens)
        except GraphQLError:
            return False
        operation = get_operation_ast(document, made.operation_name)
        assert operation is not None
        if validate(self.schema, document, document_rules(self.limits)):
            return False
        return operation_cost(self.schema, document, operation, made.variables) <= self.limits.cost

    def _drawn(self, dice: Dice, scale: float) -> RandomDocument:
        steering = self.steering
        arguments = Arguments(Draws(dice, self.known, steering.mistakes), steering.variables)
        is_deep = dice.chance(steering.deep)
        selections = Selections(self.graph, steering, dice, arguments, is_deep=is_deep)
        root = self.schema.query_type
        assert root is not None
        operations = []
        for name in ("First", "Second") if dice.chance(steering.second) else ("First",):
            deepest = self.limits.depth + 2 * (scale == _BEYOND)
            depth = deepest if is_deep else dice.randint(3, 9)
            width = 1 if is_deep else dice.weighted({1: 5, 2: 4, 3: 2, 5: 0.6, 12: 0.1})
            least, most = steering.fields
            fields = int(scale * least * (most / least) ** dice.random())
            made = Definition(name, root.name, depth)
            selections.write(made, root, max(fields, 2 * depth if is_deep else width + 1), width)
            if dice.chance(steering.introspection):
                made.text += f" {dice.choice(_INTROSPECTION)}"
            operations.append(made)
        return _Assembly(dice, selections, operations).document()


@dataclass(slots=True)
class _Assembly:
    """Puts a document together from its parts."""

    dice: Dice
    selections: Selections
    operations: list[Definition]

    def document(self) -> RandomDocument:
        """The operations, the fragments that they need, and what is sent with them."""
        dice, chosen = self.dice, self.dice.choice(self.operations)
        is_named = len(self.operations) > 1 or dice.chance(0.5)
        needed = set[str]().union(*(made.fragments for made in self.operations))
        parts = [self._operation(made, is_named=is_named) for made in self.operations]
        parts += [
            f"fragment {name} on {made.condition} {{ {made.text} }}"
            for name, made in self.selections.fragments.items()
            if name in needed
        ]
        dice.shuffle(parts)
        used = set[str]().union(*(made.variables for made in self.operations))
        variables = {
            name: item.value
            for name, item in self.selections.arguments.variables.items()
            if name in used and item.value is not Nothing.GIVEN
        }
        if dice.chance(0.02):
            variables["undeclared"] = 1
        name = chosen.name if len(self.operations) > 1 or (is_named and dice.chance(0.5)) else None
        return RandomDocument(print_ast(parse("\n".join(parts))), variables, name)

    def _operation(self, made: Definition, *, is_named: bool) -> str:
        declared = [item.declaration for name, item in self.selections.arguments.variables.items() if name in made.variables]
        self.dice.shuffle(declared)
        variables = f"({', '.join(declared)})" if declared else ""
        return f"query {made.name if is_named else ''}{variables} {{ {made.text} }}"
