"""The promises of the library as text: every name of every door, with signatures and attributes.

`python tests/public_api.py` writes them to `public_api.txt`, which `test_public_api.py` compares with the code.
Nothing in the text depends on the version of Python: annotations are shown as they are written, and of defaults only
plain ones.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Final

import aoai_finetune

__all__ = ["SNAPSHOT", "rendered"]

SNAPSHOT: Final = Path(__file__).with_suffix(".txt")

_PACKAGE: Final = Path(aoai_finetune.__file__).parent
_WIDE: Final = 110
_SPECIAL: Final = tuple(
    f"__{name}__"
    for name in [
        "call",
        "getitem",
        "contains",
        "len",
        "iter",
        "bool",
        "int",
        "enter",
        "exit",
        "aenter",
        "aexit",
        "aiter",
        "anext",
        "add",
        "radd",
        "mul",
        "rmul",
        "or",
        "and",
        "await",
    ]
)
"""Methods with a syntax of their own; the others that classes have are the same for all."""


def rendered() -> str:
    """All doors in order. A name stands where its room is; other doors only point there."""
    homes: dict[tuple[str, int], str] = {}
    doors = sorted(_doors(), key=lambda door: door == "aoai_finetune")  # which points to the others
    return "\n".join(line for door in doors for line in (door, *_door(door, homes), ""))


def _doors() -> Iterator[str]:
    yield "aoai_finetune.errors"
    for path in sorted(_PACKAGE.rglob("__init__.py")):
        parts = path.parent.relative_to(_PACKAGE.parent).parts
        if not any(part.startswith("_") for part in parts):
            name = ".".join(parts)
            if importlib.import_module(name).__all__:
                yield name


def _door(door: str, homes: dict[tuple[str, int], str]) -> Iterator[str]:
    module = importlib.import_module(door)
    for name in module.__all__:
        value = getattr(module, name)
        home = homes.setdefault((name, id(value)), door)
        yield from [f"  {name} = {home}.{name}"] if home != door else _named(name, value)


def _named(name: str, value: object) -> Iterator[str]:
    if inspect.isclass(value):
        yield from _class(name, value)
    elif isinstance(value, FunctionType):
        yield from _call(f"def {name}", value, "  ")
    else:
        owner = type(value)
        kind = owner.__name__ if owner.__module__.startswith(("aoai_finetune", "builtins")) else "alias"
        yield f"  {name}: {kind}"


def _class(name: str, owner: type) -> Iterator[str]:
    bases = [base.__name__ for base in owner.__bases__ if base is not object and base.__name__ != "Generic"]
    kind = "dataclass" if "__dataclass_fields__" in vars(owner) else "class"
    yield f"  {kind} {name}({', '.join(bases)})" if bases else f"  {kind} {name}"
    if issubclass(owner, Enum):
        yield from (f"    {member.name} = {member.value!r}" for member in owner)
    init = owner.__new__ if hasattr(owner, "_fields") else _members(owner).get("__init__")
    fields: set[str] = set()
    if isinstance(init, FunctionType) and not getattr(owner, "_is_protocol", False):
        yield from _call("def __init__", init, "    ", without=1)
        fields = set() if _is_written(init) else set(inspect.signature(init).parameters)
    for attribute, annotation in sorted(_attributes(owner).items()):
        if attribute not in fields:
            yield f"    {attribute}{annotation}"
    for member, value in sorted(_members(owner).items()):
        if member in _SPECIAL or not member.startswith("_"):
            yield from _member(member, value)


def _ours(owner: type) -> list[type]:
    """The class and those behind it, but for what it has from another one that is promised."""
    bases = [base for base in owner.__mro__ if base.__module__.startswith("aoai_finetune")]
    promised = [base for base in bases[1:] if base in _promised()]
    return [base for base in bases if not any(base in other.__mro__ for other in promised)]


@cache
def _promised() -> frozenset[object]:
    modules = [importlib.import_module(door) for door in _doors()]
    named = (getattr(module, name) for module in modules for name in module.__all__)
    return frozenset(value for value in named if inspect.isclass(value))


def _members(owner: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in _ours(owner):
        for name, value in vars(base).items():
            found.setdefault(name, value)
    return found


def _attributes(owner: type) -> dict[str, str]:
    """What is declared in the class, or set when it is made, and is no method or property; with its annotation."""
    found: dict[str, str] = {}
    for base in _ours(owner):
        for name, annotation in vars(base).get("__annotations__", {}).items():
            found.setdefault(name, f": {annotation}")
        found = {**dict.fromkeys(_set_by(vars(base).get("__init__")), ""), **found}
    own = _members(owner)
    return {
        name: annotation
        for name, annotation in found.items()
        if not name.startswith("_") and not isinstance(own.get(name), property)
    }


def _set_by(init: object) -> Iterator[str]:
    if not isinstance(init, FunctionType) or not _is_written(init):
        return
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(init)))):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and ast.unparse(node.value) == "self"
        ):
            yield node.attr


def _is_written(function: FunctionType) -> bool:
    """It stands in a file, and was not made by a dataclass."""
    return Path(function.__code__.co_filename).is_file()


def _member(name: str, value: object) -> Iterator[str]:
    if isinstance(value, classmethod | staticmethod):
        kind = "classmethod" if isinstance(value, classmethod) else "staticmethod"
        yield from _call(f"{kind} {name}", value.__func__, "    ", without=kind == "classmethod")
    elif isinstance(value, FunctionType):
        yield from _call(f"def {name}", value, "    ", without=1)
    else:
        read = getattr(value, "fget", None) or getattr(value, "func", None)
        if isinstance(read, FunctionType):
            yield f"    {name}: {read.__annotations__.get('return')} (property)"


def _call(head: str, function: Any, indent: str, *, without: int = 0) -> Iterator[str]:
    signature = inspect.signature(function)
    parts = _parameters(list(signature.parameters.values())[without:])
    returns = signature.return_annotation
    tail = "" if returns is signature.empty or head.endswith("__init__") else f" -> {_written(returns)}"
    head = f"{indent}{'async ' * inspect.iscoroutinefunction(function)}{head}"
    line = f"{head}({', '.join(parts)}){tail}"
    if len(line) <= _WIDE:
        yield line
    else:
        yield from (f"{head}(", *(f"{indent}    {part}," for part in parts), f"{indent}){tail}")


def _parameters(parameters: list[inspect.Parameter]) -> list[str]:
    parts: list[str] = []
    kinds = [parameter.kind for parameter in parameters]
    for at, parameter in enumerate(parameters):
        if (
            parameter.kind is parameter.KEYWORD_ONLY
            and "*" not in parts
            and parameter.VAR_POSITIONAL not in kinds
        ):
            parts.append("*")
        parts.append(_parameter(parameter))
        if parameter.kind is parameter.POSITIONAL_ONLY and parameter.kind not in kinds[at + 1 :]:
            parts.append("/")
    return parts


def _parameter(parameter: inspect.Parameter) -> str:
    stars = "*" * (parameter.kind is parameter.VAR_POSITIONAL) + "**" * (
        parameter.kind is parameter.VAR_KEYWORD
    )
    text = f"{stars}{parameter.name}"
    if parameter.annotation is not parameter.empty:
        text += f": {_written(parameter.annotation)}"
    return text if parameter.default is parameter.empty else f"{text} = {_default(parameter.default)}"


def _written(annotation: object) -> str:
    """As it stands in the code; of a named tuple it is wrapped."""
    return str(getattr(annotation, "__forward_arg__", annotation))


def _default(value: object) -> str:
    plain = (bool, int, float, str, bytes, type(None))
    if isinstance(value, Enum) or not isinstance(value, (*plain, tuple)):
        return "..."
    return repr(value) if type(value) in plain or value == () else "..."


if __name__ == "__main__":
    SNAPSHOT.write_text(rendered(), encoding="utf-8")
