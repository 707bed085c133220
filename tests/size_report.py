"""Lines per room, the longest files and the longest functions: `make size`."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("q_store", "tests", "benchmarks", "examples")


def sources() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))


def room(path: Path) -> str:
    """`q_store/qir` for a file of a room, the top folder for any other."""
    parts = path.relative_to(ROOT).parts
    return "/".join(parts[:2]) if parts[0] == "q_store" and len(parts) > 2 else parts[0]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Place and length in lines, docstring included, of every function in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            place = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            yield place, node.end_lineno - node.lineno + 1


def show(title: str, sizes: Mapping[str, int], limit: int | None = 8) -> None:
    print(title)
    for name, lines in sorted(sizes.items(), key=lambda item: -item[1])[:limit]:
        print(f"  {lines:6d}  {name}")


def main() -> None:
    files = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources()}
    rooms: Counter[str] = Counter()
    for path in sources():
        rooms[room(path)] += files[str(path.relative_to(ROOT))]
    show("rooms", rooms, None)
    show("longest files", files)
    show(
        "longest functions", {place: size for path in sources() for place, size in functions(path)}
    )


if __name__ == "__main__":
    main()
