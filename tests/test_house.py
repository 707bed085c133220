"""The rules of the house, read off the source: who imports whom, sizes, and what stays out."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import q_store

PACKAGE = Path(q_store.__file__).parent
ROOT = Path(__file__).parents[1]
ROOMS = ("qir", "passes", "targets", "frontends", "runtime", "testing", "faces")
HEAVY = (
    "numpy",
    "numba",
    "torch",
    "tensorflow",
    "jax",
    "cirq",
    "qiskit",
    "pennylane",
    "lark",
    "rich",
)
MAX_FILE_LINES = 600
SHORT_FUNCTION_LINES = 20

MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = MODULES + [
    path
    for folder in ("tests", "benchmarks", "examples")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def label(path: Path) -> str:
    return str(path.relative_to(PACKAGE.parent if PACKAGE in path.parents else ROOT))


def room_of(module: str) -> str:
    """The room of `q_store.qir.angle` is `qir`; modules outside all rooms are the public faces."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else "faces"


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports at any depth, for type checking only included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from names if node.module == "q_store" else (node.module,)


def allowed_rooms(room: str) -> set[str]:
    """A room sees itself and the rooms before it; frontends see the IR only."""
    if room == "frontends":
        return {"qir", "frontends"}
    return set(ROOMS[: ROOMS.index(room) + 1])


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_a_room_imports_only_from_rooms_before_it(path: Path) -> None:
    home = room_of(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    seen = {room_of(name) for name in imports(path) if name.split(".")[0] == "q_store"}
    assert seen <= allowed_rooms(home)


def test_every_imported_package_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    runtime = [extra for name, extra in extras.items() if name not in ("dev", "demo")]
    declared = {
        normal(re.split(r"[\[<>=~! ]", line)[0])
        for line in sum(runtime, start=project["dependencies"])
    }
    tops = {name.split(".")[0] for path in MODULES for name in imports(path)}
    foreign = tops - set(sys.stdlib_module_names) - {"q_store"}
    owners = packages_distributions()
    missing = {
        name
        for name in foreign
        if declared.isdisjoint({normal(d) for d in owners.get(name, ())} | {normal(name)})
    }
    # llvmlite is part of numba and has no life of its own.
    assert missing - {"llvmlite"} == set()


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_no_file_is_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES


def test_most_functions_are_short() -> None:
    lengths = [
        body_lines(node)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    short = sum(length < SHORT_FUNCTION_LINES for length in lengths)
    assert short >= 0.85 * len(lengths)


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_no_unfinished_code_and_no_blanket_handlers(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    caught = {
        node.type.id if isinstance(node.type, ast.Name) else node.type and "specific"
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
    }
    assert "NotImplementedError" not in names
    assert caught.isdisjoint({None, "Exception", "BaseException"})
    assert not re.search(r"#\s*(TODO|FIXME|XXX)\b", text)


@pytest.mark.parametrize(
    "statement",
    [
        "import q_store",
        "import q_store.qir",
        "from q_store.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass",
    ],
    ids=["import q_store", "import q_store.qir", "qstorec --help"],
)
def test_cheap_things_import_nothing_heavy(statement: str) -> None:
    report = f"import sys\nprint('HEAVY', *[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\n{report}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1].split() == ["HEAVY"]


def test_documented_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]
    named = {
        word
        for page in pages
        for word in re.findall(r"^\$? ?make ([a-z-]+)|`make ([a-z-]+)", page.read_text(), re.M)
    }
    assert {first or second for first, second in named} <= targets


def test_public_names_exist() -> None:
    assert q_store.__version__ == "4.0.0"
    assert [name for name in q_store.__all__ if getattr(q_store, name, None) is None] == []
