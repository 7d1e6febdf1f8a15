"""What of the schema and of the language random documents use, counted."""

from collections import Counter

from graphql import (
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_nullable_type,
    parse,
    visit,
)

from tests.operations.random_documents import RandomDocument

_LITERALS = {NullValueNode: "null", ListValueNode: "list", ObjectValueNode: "object", EnumValueNode: "enum"}


Place = tuple[str, str]
"""A type and its field."""


class Coverage:
    """Fields asked for, by type, and forms of the language, over many documents."""

    def __init__(self, schema: GraphQLSchema) -> None:
        """Nothing is counted yet."""
        self.schema = schema
        self.places: Counter[Place] = Counter()
        self.forms: Counter[str] = Counter()

    def add(self, made: RandomDocument) -> None:
        """Count a document's; each place and form once."""
        document, types = parse(made.query), TypeInfo(self.schema)
        counting = _Counting(types, made.variables)
        visit(document, TypeInfoVisitor(types, counting))
        self.places.update(counting.places)
        self.forms.update(counting.forms | set(_of_document(document, made)))


def _of_document(document: DocumentNode, made: RandomDocument) -> list[str]:
    operations = [item for item in document.definitions if isinstance(item, OperationDefinitionNode)]
    forms = ["operation named" if operations[0].name else "operation anonymous"]
    forms += ["operation one of two"] * (len(operations) > 1)
    forms += ["operation chosen"] * (made.operation_name is not None)
    forms += ["variable undeclared"] * ("undeclared" in made.variables)
    return forms


class _Counting(Visitor):
    def __init__(self, types: TypeInfo, variables: dict[str, object]) -> None:
        super().__init__()
        self.types = types
        self.variables = variables
        self.places: set[Place] = set()
        self.forms: set[str] = set()
        self.spread: set[str] = set()
        self.within: list[str] = []

    def enter_field(self, node: FieldNode, *_args: object) -> None:
        parent = self.types.get_parent_type()
        name = node.name.value
        assert parent is not None
        if name.startswith("__"):
            self.forms.add(f"field {name}{' aliased' if node.alias else ''}")
        else:
            self.places.add((parent.name, name))
        if node.alias:
            others = getattr(parent, "fields", {})
            is_other = node.alias.value in others and node.alias.value != name
            self.forms.add("alias of another field" if is_other else f"alias{' the same' * (node.alias.value == name)}")
        self._directives(node, "field")
        page = sorted({argument.name.value for argument in node.arguments or ()} & {"first", "after", "last", "before"})
        if page:
            self.forms.add(f"page {' '.join(page)}")
        for argument in node.arguments or ():
            self._value(argument.value, "argument", _argument_type(self.types, argument.name.value))

    def enter_selection_set(self, node: SelectionSetNode, *_args: object) -> None:
        fields = [item for item in node.selections if isinstance(item, FieldNode)]
        keys = Counter((item.alias or item.name).value for item in fields)
        names = Counter(item.name.value for item in fields)
        composite = {(item.alias or item.name).value for item in fields if item.selection_set}
        if any(number > 1 for number in keys.values()):
            self.forms.add("key twice")
        if any(keys[key] > 1 for key in composite):
            self.forms.add("key twice with fields below")
        if any(number > 1 for name, number in names.items() if keys[name] < number):
            self.forms.add("field twice under different keys")
        for item in node.selections:
            if isinstance(item, InlineFragmentNode):
                inner = {(one.alias or one.name).value for one in item.selection_set.selections if isinstance(one, FieldNode)}
                if inner & keys.keys():
                    self.forms.add("key within a fragment and without")

    def enter_inline_fragment(self, node: InlineFragmentNode, *_args: object) -> None:
        self.forms.add(f"inline fragment {_on(self.types) if node.type_condition else 'without a type'}")
        self._directives(node, "inline fragment")

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_args: object) -> None:
        self.forms.add(f"fragment {_on(self.types)}")
        self.within.append(node.name.value)

    def leave_fragment_definition(self, *_args: object) -> None:
        self.within.pop()

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_args: object) -> None:
        if self.within:
            self.forms.add("fragment within a fragment")
        if node.name.value in self.spread:
            self.forms.add("fragment twice")
        self.spread.add(node.name.value)
        self._directives(node, "spread")

    def enter_object_field(self, node: ObjectFieldNode, *_args: object) -> None:
        self._value(node.value, "input field", get_nullable_type(self.types.get_input_type()))

    def enter_list_value(self, node: ListValueNode, *_args: object) -> None:
        self.forms.add("list" if node.values else "list empty")
        for item in node.values:
            self._value(item, "list item", None)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_args: object) -> None:
        name = node.variable.name.value
        given = "absent" if name not in self.variables else "null" if self.variables[name] is None else "given"
        default = node.default_value
        kind = "without default" if default is None else f"with default{' null' * isinstance(default, NullValueNode)}"
        self.forms.add(f"variable {kind} {given}")
        if isinstance(self.variables.get(name), dict):
            fields = self.variables[name]
            assert isinstance(fields, dict)
            self.forms.add(f"variable object{' with null' * (None in fields.values())}")
        if isinstance(self.variables.get(name), list):
            self.forms.add(f"variable list{'' if self.variables[name] else ' empty'}")

    def _value(self, value: Node, where: str, kind: object) -> None:
        is_variable = isinstance(value, VariableNode)
        form = "variable" if is_variable else _LITERALS.get(type(value), "scalar")
        whole = {GraphQLInputObjectType: " whole object", GraphQLList: " whole list"}.get(type(kind), "") if is_variable else ""
        bare = " for a list" * (isinstance(kind, GraphQLList) and form in {"scalar", "enum"})
        self.forms.add(f"{where} {form}{whole}{bare}")

    def _directives(self, node: FieldNode | InlineFragmentNode | FragmentSpreadNode, where: str) -> None:
        directives = node.directives or ()
        for directive in directives:
            (argument,) = directive.arguments or ()
            form = "variable" if isinstance(argument.value, VariableNode) else "literal"
            self.forms.add(f"@{directive.name.value} {form} on {where}")
        if len(directives) > 1:
            self.forms.add(f"both directives on {where}")


def _argument_type(types: TypeInfo, argument: str) -> object:
    """The type of an argument of the field that is being visited, without its `!`."""
    item = types.get_field_def()
    return get_nullable_type(item.args[argument].type) if item else None


def _on(types: TypeInfo) -> str:
    kind = types.get_type()
    return {GraphQLInterfaceType: "on an interface", GraphQLUnionType: "on a union"}.get(type(kind), "on an object")
