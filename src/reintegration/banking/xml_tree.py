"""XML from outside as a small tree: no DTD, so no entities and nothing fetched; bounded size, depth and number of elements.

The parser is Python's expat with the one handler that refuses a document type. defusedxml does the same in front of ElementTree,
whose elements forget the line they came from; a fault has to name it. lxml would bring a C library more.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from reintegration.banking.statement import LARGEST_FILE_BYTES
from reintegration.banking.text import is_utf_8, plain

MOST_ELEMENTS: Final = 300_000
"""Some six thousand entries of a talkative bank, and 100 MB while they are read."""
DEEPEST_LEVEL: Final = 40
"""camt.053 goes about 15 deep."""
_SEPARATOR: Final = " "
_SPELLED_ALIKE: Final = {"UTF-8", "UTF8"}


class XmlRefusedError(ValueError):
    """The document is no XML that is read here; `line` is where, from 1 on."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(slots=True)
class Element:
    """An element; `name` has no namespace. What belongs to another namespace than the root is not in the tree."""

    name: str
    line: int
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text, trimmed, each run of white space one space."""
        return plain("".join(self.parts))

    def all(self, path: str) -> Iterator["Element"]:
        """The elements at `path`, names with a slash between them, in the order of the document."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child

    def first(self, *paths: str) -> "Element | None":
        """The first element at the first of `paths` that leads to one."""
        return next((found for path in paths for found in self.all(path)), None)

    def value(self, *paths: str) -> str:
        """The text at the first of `paths` that leads to some; empty when none does."""
        return next((text for path in paths for found in self.all(path) if (text := found.text)), "")


@dataclass(slots=True)
class _Builder:
    parser: expat.XMLParserType
    is_utf_8: bool
    """Beyond ASCII, and spelled as UTF-8 alone does."""
    root: Element | None = None
    namespace: str = ""
    open: list[Element | None] = field(default_factory=list)
    """None stands for an element of another namespace, with all in it."""
    count: int = 0

    def refuse(self, reason: str) -> None:
        raise XmlRefusedError(reason, self.parser.CurrentLineNumber)

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        """A file in UTF-8 that calls itself something else would be read with other names, and without an error."""
        if self.is_utf_8 and encoding is not None and encoding.upper() not in _SPELLED_ALIKE:
            self.refuse(f"text in {encoding}, as the file says of itself, was expected; this is UTF-8")

    def doctype(self, *_: object) -> None:
        self.refuse("XML without a document type was expected")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MOST_ELEMENTS:
            self.refuse(f"at most {MOST_ELEMENTS} elements are read")
        if len(self.open) >= DEEPEST_LEVEL:
            self.refuse(f"at most {DEEPEST_LEVEL} levels of elements are read")
        namespace, _, local = name.rpartition(_SEPARATOR)
        if self.root is None:
            self.namespace = namespace
        inside = self.root is None or self.open[-1] is not None
        if not inside or namespace != self.namespace:
            self.open.append(None)
            return
        element = Element(local, self.parser.CurrentLineNumber, attributes)
        parent = self.open[-1] if self.open else None
        if parent is None:
            self.root = element
        else:
            parent.children.append(element)
        self.open.append(element)

    def end(self, _: str) -> None:
        self.open.pop()

    def text(self, data: str) -> None:
        element = self.open[-1]
        if element is not None and not data.isspace():
            element.parts.append(data)


def read_xml(content: bytes) -> tuple[Element, str]:
    """The root element and its namespace.

    Raises:
        XmlRefusedError: no well-formed XML, too large, too deep, or with a document type.
    """
    if len(content) > LARGEST_FILE_BYTES:
        raise XmlRefusedError(f"at most {LARGEST_FILE_BYTES} bytes are read", 1)
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    builder = _Builder(parser, is_utf_8(content))
    parser.XmlDeclHandler = builder.declaration
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    try:
        parser.Parse(content, True)  # noqa: FBT003 - a positional flag of expat: this is all there is
    except expat.ExpatError as error:
        raise XmlRefusedError(f"well-formed XML was expected ({expat.errors.messages[error.code]})", error.lineno) from error
    except XmlRefusedError:
        raise
    except (LookupError, ValueError) as error:
        raise XmlRefusedError("a known encoding was expected", parser.CurrentLineNumber) from error
    finally:
        # The handlers are methods of the builder, which holds the parser: without this it all waits for the garbage collector.
        parser.XmlDeclHandler = parser.StartDoctypeDeclHandler = parser.StartElementHandler = None
        parser.EndElementHandler = parser.CharacterDataHandler = None
    assert builder.root is not None, "well-formed XML has an element"  # noqa: S101
    return builder.root, builder.namespace
