"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import importlib
import inspect
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import aoai_finetune

PACKAGE = Path(aoai_finetune.__file__).parent
DOORS = sorted(
    ".".join(path.parent.relative_to(PACKAGE.parent).parts)
    for path in PACKAGE.rglob("__init__.py")
    if not any(part.startswith("_") for part in path.parent.relative_to(PACKAGE.parent).parts)
)
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")

LIGHT = sys.stdlib_module_names | {"aoai_finetune", "jiter", "typing_extensions"}
_FIXTURES = "pytest, whose fixtures and marks stand on what they mark; nobody imports it but a run of pytest"
_ARRAYS = "the engine's own modules, which are loaded when an engine of this kind is made"
EXCEPTIONS: dict[str, str] = {
    "testing/_contract.py": _FIXTURES,
    "testing/_contract_files.py": _FIXTURES,
    "testing/_contract_jobs.py": _FIXTURES,
    "testing/_contract_service.py": _FIXTURES,
    "testing/_contract_serving.py": _FIXTURES,
    "testing/_plugin.py": _FIXTURES,
    **{
        f"backends/mock/engines/_byte_{name}.py": _ARRAYS
        for name in ("lessons", "network", "training", "writing")
    },
}
"""Module (its path inside the package) and the reason why it may load more than that when it is imported."""


def _promised(name: str) -> list[str]:
    return list(vars(importlib.import_module(name))["__all__"])


def _rank(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, as the linter sorts `__all__`."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def _shown(door: object) -> set[str]:
    """What a user sees of a module: no private names, none of its own inner rooms."""
    # pytest rewrites the assertions of a package that has a plugin, and names of its own ("@...") appear.
    names = {name for name in dir(door) if not name.startswith(("_", "@"))} - {"annotations"}
    return {
        name for name in names if not inspect.ismodule(getattr(door, name)) or _foreign(getattr(door, name))
    }


def _foreign(module: object) -> bool:
    return not str(getattr(module, "__name__", "")).startswith("aoai_finetune.")


@pytest.mark.parametrize("name", DOORS)
def test_a_front_door_promises_what_it_shows(name: str) -> None:
    """No import leaks out, and every promised name is there."""
    door = importlib.import_module(name)
    promised = set(_promised(name))
    assert {each for each in promised if not hasattr(door, each)} == set()
    assert _shown(door) - promised == set()


@pytest.mark.parametrize("name", DOORS)
def test_a_front_door_is_sorted(name: str) -> None:
    """Constants, classes, functions; each by name and once."""
    promised = _promised(name)
    assert promised == sorted(set(promised), key=_rank)


def test_the_main_door_is_small() -> None:
    """Thirty names at most; the rest is imported from its room."""
    assert 0 < len(_promised("aoai_finetune")) <= 30


def test_modules_behind_a_door_are_private_and_say_what_they_offer() -> None:
    """`errors` is the one room that is a single file."""
    open_modules = [path for path in MODULES if not path.name.startswith("_") and path.name != "errors.py"]
    silent = [path for path in MODULES if not any(_assigns_all(node) for node in _tree(path).body)]
    assert (open_modules, silent) == ([], [])


def _assigns_all(node: ast.stmt) -> bool:
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs when the module is imported: no function bodies, nothing for type checkers only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _at_import(child)


def _imported(path: Path) -> set[str]:
    """Top-level packages that are loaded together with this file."""
    names: set[str] = set()
    for node in _at_import(_tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).partition(".")[0])
    return names


def test_other_libraries_are_imported_where_they_are_used() -> None:
    """Import time is a promise: only what is light is imported at the top; an exception needs its reason."""
    found = {str(path.relative_to(PACKAGE)): _imported(path) - LIGHT for path in PACKAGE.rglob("*.py")}
    assert {name: names for name, names in found.items() if names and name not in EXCEPTIONS} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "import aoai_finetune",
        "from aoai_finetune import Dataset, MockBackend, ModelLineage, ProbeSet, Replay",
    ],
)
def test_importing_the_library_loads_nothing_heavy(statement: str) -> None:
    """Neither the client of the service nor a validator nor arrays, in a process of its own."""
    heavy = ["openai", "httpx", "httpx2", "pydantic", "numpy"]
    program = f"{statement}\nimport sys\nprint(*sorted(set(sys.modules) & set({heavy!r})))"
    seen = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (seen.returncode, seen.stdout.strip(), seen.stderr) == (0, "", "")


@pytest.mark.parametrize("call", ["connect", "connect_ex"])
def test_tests_have_no_network(call: str) -> None:
    """A connection to another machine (here one that no network has, RFC 5737) fails the test."""
    with socket.socket() as opened, pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"):
        getattr(opened, call)(("192.0.2.1", 443))
