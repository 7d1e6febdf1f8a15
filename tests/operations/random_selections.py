"""Selections of a random document: fields with aliases and arguments, fragments in every form, directives."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    GraphQLUnionType,
    get_named_type,
)

from tests.operations.random_arguments import Arguments
from tests.operations.random_draws import Dice
from tests.operations.random_graph import Composite, Graph, Steering
from tests.operations.random_scopes import Claim, Scope

_MOST_FRAGMENTS = 8
_MOST_ALIASES = 30
"""Of a document; the API allows no more."""
_TYPENAME = GraphQLNonNull(GraphQLString)


@dataclass(slots=True)
class Definition:
    """An operation or a named fragment, and all that it needs."""

    name: str
    condition: str
    levels: int
    """How deep it may go; the greatest `depth` that its selection can have."""
    scope: Scope = field(default_factory=Scope)
    text: str = ""
    variables: set[str] = field(default_factory=set)
    fragments: set[str] = field(default_factory=set)
    depth: int = 0


@dataclass(slots=True)
class Selections:
    """Writes the selections of one document. `depth` is how many levels may follow, `budget` how many fields."""

    graph: Graph
    steering: Steering
    dice: Dice
    arguments: Arguments
    fragments: dict[str, Definition] = field(default_factory=dict)
    is_deep: bool = False
    _aliases: int = 0
    _started: int = 0
    _open: list[Definition] = field(default_factory=list)

    def write(self, made: Definition, kind: Composite, budget: int, width: int = 0) -> None:
        """Fill an operation or a fragment."""
        self._open.append(made)
        made.text = " ".join(self._body(kind, made.scope, made.levels, budget, width))
        self._open.pop()

    def _body(self, kind: Composite, scope: Scope, depth: int, budget: int, width: int = 0) -> list[str]:
        """The selections on a type, at least one; `width` is how many branches there shall be."""
        dice = self.dice
        parts = []
        if dice.chance(0.15):
            parts.append(self._typename(kind, scope, depth))
        leaves, branches = self.graph.fields[kind.name]
        if not isinstance(kind, GraphQLObjectType):
            parts += self._on_some(kind, scope, depth, budget)
        can_branch = bool(branches) and depth > 1 and budget > 1
        for name in self._leaves(leaves, budget, is_needed=not can_branch):
            parts += self._field(kind, name, scope, depth, 1)
        left = budget - len(parts)
        if can_branch and left > 1:
            most = 1 if self.is_deep and dice.chance(0.9) else min(4, (left + 2) // 3)
            for share in dice.split(left, min(width or dice.randint(1, most), left)):
                parts += self._branch(kind, branches, scope, depth, share)
        dice.shuffle(parts)
        return parts or [self._typename(kind, scope, depth)]

    def _leaves(self, leaves: Mapping[str, float], budget: int, *, is_needed: bool) -> list[str]:
        if not leaves or (not is_needed and self.dice.chance(0.75 if self.is_deep else 0.3)):
            return []
        if not self.is_deep and self.dice.chance(0.06):
            return list(leaves)
        number = min(budget, self.dice.choice((1, 1, 2, 2, 3, 4, 5, 7)))
        return self.dice.choices(list(leaves), list(leaves.values()), k=max(number, 1))

    def _branch(self, kind: Composite, branches: Mapping[str, float], scope: Scope, depth: int, budget: int) -> list[str]:
        """A field with fields below, or a fragment."""
        if self.dice.chance(self.steering.fragments):
            return self._fragment(kind, scope, depth, budget, self._condition(kind))
        if self.is_deep:
            branches = self.graph.endless(kind) or branches
        return self._field(kind, self.dice.weighted(branches), scope, depth, budget)

    def _on_some(self, kind: Composite, scope: Scope, depth: int, budget: int) -> list[str]:
        """Fragments on some of the types that a value can have, on the one that its id promises nearly always."""
        possible = self.graph.possible(kind)
        chosen = self.dice.sample(possible, min(len(possible), self.dice.choice((0, 0, 1, 1, 2, 3))))
        promised = [item for item in possible if item.name == scope.promised]
        if promised and promised[0] not in chosen and self.dice.chance(0.93):
            chosen += promised
        parts = []
        for item in chosen:
            share = budget * 2 // 3 if item in promised else budget // (2 * len(chosen))
            parts += self._fragment(kind, scope, depth, max(share, 1), item)
        return parts

    def _typename(self, kind: Composite, scope: Scope, depth: int) -> str:
        claim = Claim.of(kind, "__typename", _TYPENAME)
        key = self._key(scope, kind, "__typename", claim) or "__typename"
        scope.take(key, claim)
        self._reach(depth)
        return self._under(key, "__typename") + self._directives()

    def _reach(self, depth: int) -> None:
        made = self._open[-1]
        made.depth = max(made.depth, made.levels - depth + 1)

    def _field(self, kind: Composite, name: str, scope: Scope, depth: int, budget: int) -> list[str]:
        """A field, sometimes under a key that has it already; nothing where no key is left for it."""
        assert not isinstance(kind, GraphQLUnionType)
        item = kind.fields[name]
        asked = scope.asked(kind, name)
        key: str | None = None
        if not asked or self.dice.chance(0.6):
            written = self.arguments.of_field(kind.name, name, item)
            texts = sorted(f"{argument}: {value.text}" for argument, value in written.items())
            claim = Claim.of(kind, name, item.type, tuple(texts))
            key = self._key(scope, kind, name, claim)
            if key is not None:
                scope.take(key, claim).promised = self._promised(item, [value.effective for value in written.values()])
        if key is None:
            if not asked:
                return []
            key, claim = self.dice.choice(asked)
        self._reach(depth)
        for argument in claim.arguments:
            self._open[-1].variables |= self.arguments.within[argument]
        shuffled = ", ".join(self.dice.sample(claim.arguments, len(claim.arguments)))
        text = f"{self._under(key, name)}{f'({shuffled})' if shuffled else ''}{self._directives()}"
        target = get_named_type(item.type)
        if isinstance(target, Composite):
            text += f" {{ {' '.join(self._body(target, scope.take(key, claim), depth - 1, max(budget - 1, 1)))} }}"
        return [text]

    def _promised(self, item: GraphQLField, values: list[object]) -> str:
        """The type of what a field gives: its own, or that of an id among its arguments."""
        target = get_named_type(item.type)
        kinds = (self.arguments.draws.known.kind(value) for value in values if isinstance(value, str))
        return target.name if isinstance(target, GraphQLObjectType) else next((kind for kind in kinds if kind), "")

    def _key(self, scope: Scope, kind: Composite, name: str, claim: Claim) -> str | None:
        """A response key for the field: its name or an alias, which may be another field's name."""
        fits = scope.admits(name, claim)
        if self._aliases >= _MOST_ALIASES or (fits and not self.dice.chance(self.steering.aliases)):
            return name if fits else None
        others = [] if isinstance(kind, GraphQLUnionType) else list(kind.fields)
        own = f"a{self._aliases + 1}"
        alias = self.dice.choice([*others, "id", "node"]) if self.dice.chance(0.25) else own
        return alias if scope.admits(alias, claim) else own

    def _under(self, key: str, name: str) -> str:
        """The field's name behind its alias; sometimes behind one that says the same."""
        is_named = key != name or (self._aliases < _MOST_ALIASES and self.dice.chance(0.02))
        self._aliases += is_named
        return f"{key}: {name}" if is_named else name

    def _directives(self) -> str:
        """`@skip` and `@include`, mostly such that the selection stays."""
        if not self.dice.chance(self.steering.directives):
            return ""
        text = ""
        for name in self.dice.choice((["skip"], ["include"], ["skip", "include"], ["include", "skip"])):
            written = self.arguments.switch(wanted=(name == "include") == self.dice.chance(0.75))
            self._open[-1].variables |= written.variables
            text += f" @{name}(if: {written.text})"
        return text

    def _condition(self, kind: Composite) -> Composite:
        """The type that a fragment is on: mostly the same."""
        return kind if self.dice.chance(0.6) else self.dice.choice(self.graph.conditions[kind.name])

    def _fragment(self, kind: Composite, scope: Scope, depth: int, budget: int, condition: Composite) -> list[str]:
        """A fragment on `condition` within a selection on `kind`; nothing where a named one would conflict."""
        if self.dice.chance(0.5):
            named = self._named_fragment(kind, scope, depth, budget, condition)
            if named is None:
                return []
            scope.take_all(named.scope)
            made = self._open[-1]
            made.variables |= named.variables
            made.fragments |= {named.name, *named.fragments}
            self._reach(depth - named.depth + 1)
            return [f"...{named.name}{self._directives()}"]
        on = "" if condition is kind and self.dice.chance(0.5) else f" on {condition.name}"
        directives = self._directives()
        return [f"...{on}{directives} {{ {' '.join(self._body(condition, scope, depth, budget))} }}"]

    def _named_fragment(self, kind: Composite, scope: Scope, depth: int, budget: int, condition: Composite) -> Definition | None:
        """A fragment that is there already and fits, or a new one."""
        names = {item.name for item in self.graph.conditions[kind.name]}
        fitting = [
            item
            for item in self.fragments.values()
            if item.condition in names and item.depth <= depth and scope.admits_all(item.scope)
        ]
        if fitting and self.dice.chance(0.4):
            return self.dice.choice(fitting)
        if self._started >= _MOST_FRAGMENTS:
            return None
        self._started += 1
        made = Definition(f"F{self._started}", condition.name, depth)
        self.write(made, condition, budget)
        self.fragments[made.name] = made
        return made if scope.admits_all(made.scope) else None
