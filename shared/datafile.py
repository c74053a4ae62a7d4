"""Reads a YAML data file into a model; what is not as it should be is refused with file and line."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, StringConstraints, TypeAdapter, ValidationError

T = TypeVar("T")
Word = Annotated[str, StringConstraints(pattern=r"^\S")]


class DataFileError(ValueError):
    """`str(error)` is `file:line: what is wrong`."""


class _Loader(yaml.CSafeLoader):
    """Refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        _refuse_doubles(key for key, _ in node.value)
        return super().construct_mapping(node, deep=deep)


class _Words(_Loader):
    """All is text ("on" and "no" are words), and no list has a word twice."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - declared so by its class

    def construct_sequence(self, node: yaml.SequenceNode, deep: bool = False) -> list[Any]:
        _refuse_doubles(node.value)
        return super().construct_sequence(node, deep=deep)


def load_yaml(path: Path, kind: type[T]) -> T:
    """The file as a `kind` (a pydantic model, or a list or dict of them). Raises DataFileError, or
    OSError."""
    return _load(path, kind, _Loader, ())


def load_words(path: Path, kind: type[T], once: Sequence[Sequence[str]] = ()) -> T:
    """A file of word lists as a `kind`; its numbers are made by the model. `once` are groups of parts, named from the
    root with dots, that together may have a word only once. Raises DataFileError, or OSError."""
    return _load(path, kind, _Words, once)


def load_lists(path: Path, folder: Path) -> dict[str, frozenset[str]]:
    """A file of small word lists, each named after the Python file of `folder` that uses it and for what
    (`people.foes`). Raises DataFileError, or OSError."""

    def of_a_file(name: str) -> str:
        if not (folder / f"{name.partition('.')[0]}.py").is_file():
            raise ValueError(f"{folder.name} has no file of that name")
        return name

    name = Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z_]+$"), AfterValidator(of_a_file)]
    lists: dict[str, list[str]] = load_words(path, dict[name, list[Word]])
    return {key: frozenset(words) for key, words in lists.items()}


def _load(path: Path, kind: type[T], loader: type[_Loader], once: Sequence[Sequence[str]]) -> T:
    text = path.read_text(encoding="utf-8")
    try:
        reader = loader(text)
        root = reader.get_single_node()
        found = reader.construct_document(root) if root else None
        for parts in once:
            _refuse_doubles(word for part in parts for word in _words(reduce(_child, part.split("."), root)))
        return TypeAdapter(kind).validate_python(found)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataFileError(f"{path}:{line}: {error.problem}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataFileError(f"{path}:{_line(root, first['loc'])}: {where}: {first['msg']}") from error


def _refuse_doubles(nodes: Iterable[yaml.Node]) -> None:
    seen: set[str] = set()
    for node in nodes:
        if isinstance(node, yaml.ScalarNode) and node.value in seen:
            raise yaml.constructor.ConstructorError(None, None, f"{node.value!r} is given twice", node.start_mark)
        seen.add(str(node.value))


def _words(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """The words of a part: the members of its lists, and what a value is given for."""
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from [key] if isinstance(value, yaml.ScalarNode) else _words(value)


def _line(node: yaml.Node | None, loc: Sequence[int | str]) -> int:
    """The line of the innermost node on the way that is there."""
    for part in loc:
        inner = _child(node, part)
        if inner is None:
            break
        node = inner
    return node.start_mark.line + 1 if node else 1


def _child(node: yaml.Node | None, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child: yaml.Node = node.value[part]
        return child
    return None
