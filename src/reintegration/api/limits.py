"""Limits on a document and a request, built once: a rule made per request would defeat the cache of validated documents."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValidationRule,
)

from reintegration.api.codes import Code, api_error, bad_user_input


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may ask for.

    `tokens` also bounds graphql-core's check of overlapping fields, which is quadratic. `cost` lets a nested page of 50
    cases pass. `body_s` is how long the largest body may take to arrive: 2 kB/s is enough.
    """

    depth: int = 15
    tokens: int = 2_000
    aliases: int = 30
    root_fields: int = 20
    cost: int = 100_000
    body_bytes: int = 256 * 1024
    body_s: float = 120.0
    timeout_s: float = 30.0


def document_rules(limits: Limits) -> tuple[type[ValidationRule], ...]:
    """Validation rules for depth, aliases, root fields and strings, with the limits built in."""

    class DocumentLimits(ValidationRule):
        """Counts the whole document in one go, fragments once each."""

        def enter_document(self, node: DocumentNode, *_args: object) -> None:
            shape = _Shape({item.name.value: item for item in node.definitions if isinstance(item, FragmentDefinitionNode)})
            operations = [item for item in node.definitions if isinstance(item, OperationDefinitionNode)]
            for name, counted, maximum in (
                ("depth", max((shape.depth(item.selection_set) for item in operations), default=0), limits.depth),
                ("number of aliases", shape.aliases(node), limits.aliases),
                (
                    "number of root fields",
                    max((shape.width(item.selection_set) for item in operations), default=0),
                    limits.root_fields,
                ),
            ):
                if counted > maximum:
                    self.report_error(
                        api_error(Code.LIMIT_EXCEEDED, f"The {name} of this document is {counted}; at most {maximum}")
                    )

    class PlainStrings(ValidationRule):
        """PostgreSQL can't keep the NUL character; refused here it is the caller's mistake, there it would be a bug of ours."""

        def enter_string_value(self, node: StringValueNode, *_args: object) -> None:
            if "\0" in node.value:
                self.report_error(bad_user_input("A string can't contain the NUL character"))

    return DocumentLimits, PlainStrings


def has_nul(value: object) -> bool:
    """Whether a string anywhere in a variable's value contains the NUL character."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if "\0" in item:
                return True
        elif isinstance(item, Mapping):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return False


class _Shape:
    """Sizes of a document that may still be invalid: fragments may be missing, or form cycles."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.fragments = fragments
        self.depths: dict[str, int] = {}
        self.widths: dict[str, int] = {}

    def depth(self, selections: SelectionSetNode | None) -> int:
        """Fields one inside another; introspection is not counted, for it has a limit of its own."""
        deepest = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                is_introspection = node.name.value.startswith("__")
                deepest = max(deepest, 1 if is_introspection else 1 + self.depth(node.selection_set))
            elif isinstance(node, InlineFragmentNode):
                deepest = max(deepest, self.depth(node.selection_set))
            elif isinstance(node, FragmentSpreadNode):
                for name, fragment in self.unseen(node, self.depths):
                    self.depths[name] = self.depth(fragment.selection_set)
                deepest = max(deepest, self.depths.get(node.name.value, 0))
        return deepest

    def width(self, selections: SelectionSetNode) -> int:
        """Fields at this level, those of fragments included."""
        total = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total += 1
            elif isinstance(node, InlineFragmentNode):
                total += self.width(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                for name, fragment in self.unseen(node, self.widths):
                    self.widths[name] = self.width(fragment.selection_set)
                total += self.widths.get(node.name.value, 0)
        return total

    def unseen(self, spread: FragmentSpreadNode, sizes: dict[str, int]) -> Iterator[tuple[str, FragmentDefinitionNode]]:
        """The fragment of a spread when its size isn't known; entered as 0 first, so that a cycle ends."""
        name = spread.name.value
        if name not in sizes and name in self.fragments:
            sizes[name] = 0
            yield name, self.fragments[name]

    def aliases(self, document: DocumentNode) -> int:
        """Aliased fields of the document, each written one counted once."""
        total = 0
        stack: list[SelectionSetNode | None] = [getattr(item, "selection_set", None) for item in document.definitions]
        while stack:
            selections = stack.pop()
            for node in selections.selections if selections else ():
                if isinstance(node, FieldNode) and node.alias is not None:
                    total += 1
                if not isinstance(node, FragmentSpreadNode):
                    stack.append(getattr(node, "selection_set", None))
        return total
