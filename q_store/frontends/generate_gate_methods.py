"""Writes the modules of `gate_methods` from the tables.

Run `python -m q_store.frontends.generate_gate_methods` after changing a table.
"""

from __future__ import annotations

from collections.abc import Iterable
from keyword import iskeyword
from pathlib import Path
from typing import Final

from q_store.qir.dialects import NOISE
from q_store.qir.ops import Gate, OpDef
from q_store.qir.registry import built_in_gates

_MAX_LINE: Final = 100
_HEADER: Final = '''"""{title}. Written from the tables; do not edit."""

from __future__ import annotations

{imports}from typing import Self

from q_store.frontends.gate_methods.sink import GateSink
{angle_import}

class {name}(GateSink):
    """{title}."""
'''


def sources() -> dict[str, str]:
    """File name and text of every generated module."""
    gates = list(built_in_gates().values())
    families: tuple[tuple[str, str, Iterable[OpDef]], ...] = (
        ("OneQubitGates", "Gates on one qubit and the global phase", _on(gates, 0, 1)),
        ("TwoQubitGates", "Gates on two qubits", _on(gates, 2)),
        ("ManyQubitGates", "Gates on three and more qubits", _on(gates, *range(3, 20))),
        ("NoiseChannels", "Noise channels", NOISE),
    )
    names = ("one_qubit.py", "two_qubit.py", "many_qubit.py", "noise.py")
    return {
        file: _module(name, title, list(rows))
        for file, (name, title, rows) in zip(names, families, strict=True)
    }


def _on(gates: list[Gate], *wires: int) -> list[Gate]:
    return [row for row in gates if row.wires in wires]


def _module(name: str, title: str, rows: list[OpDef]) -> str:
    body = "".join(map(_method, rows))
    imports = "from collections.abc import Sequence\n" if "Sequence[" in body else ""
    words = ", ".join(word for word in ("AnglesLike", "WireLike") if word in body)
    angle = f"from q_store.frontends.instruction import {words}\n"
    return _HEADER.format(name=name, title=title, imports=imports, angle_import=angle) + body


def _method(row: OpDef) -> str:
    wires = wire_names(row)
    aliases = row.aliases if isinstance(row, Gate) else ()
    also = [f"`{alias}`" for alias in aliases if not iskeyword(alias)]
    doc = row.doc.replace("\\", "\\\\")
    lines = [
        "",
        *_wrapped(
            f"def {row.mnemonic}", ["self", *[f"{w}: WireLike" for w in wires], *_angles(row)]
        ),
        *_docstring(doc + (f" Also {', '.join(also)}." if also else "")),
        *_call(row, wires),
        *([""] if also else []),
        *[f"{alias} = {row.mnemonic}" for alias in aliases if not iskeyword(alias)],
    ]
    return "\n".join(f"    {line}".rstrip() for line in lines) + "\n"


def wire_names(row: OpDef) -> list[str]:
    """What the wires of a gate are called in its method."""
    count = row.wires or 0
    controls = min(row.controls, count - 1) if isinstance(row, Gate) and row.controls else 0
    if not controls:
        return _numbered("qubit", count)
    return _numbered("control", controls) + _numbered("target", count - controls)


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}{i}" for i in range(count)]


def _angles(row: OpDef) -> list[str]:
    if not isinstance(row, Gate):
        return [f"{name}: float" for name in row.angle_names]
    angles = [f"{name}: AnglesLike | None = None" for name in row.angle_names]
    if len(angles) == 1:
        return [*angles, "*", "param: str | None = None"]
    return [*angles, "*", "params: Sequence[str] | None = None"] if angles else []


def _wrapped(head: str, arguments: list[str]) -> list[str]:
    joined = ", ".join(arguments)
    if len(f"    {head}({joined}) -> Self:") <= _MAX_LINE:
        return [f"{head}({joined}) -> Self:"]
    if len(joined) + 8 <= _MAX_LINE:
        return [f"{head}(", f"    {joined}", ") -> Self:"]
    return [f"{head}(", *[f"    {argument}," for argument in arguments], ") -> Self:"]


def _docstring(text: str) -> list[str]:
    if len(text) + 14 <= _MAX_LINE:
        return [f'    """{text}"""']
    first, _, rest = text.rpartition(" Also ")
    return [f'    """{first}', "", f"    Also {rest}", '    """']


def _call(row: OpDef, wires: list[str]) -> list[str]:
    arguments = [f'"{row.name}"', _tuple(wires), _tuple(row.angle_names)]
    if isinstance(row, Gate) and row.angle_names:
        arguments.append("param" if len(row.angle_names) == 1 else "params")
    joined = ", ".join(arguments)
    if len(joined) + 27 <= _MAX_LINE:
        return [f"    return self._gate({joined})"]
    if len(joined) + 12 <= _MAX_LINE:
        return ["    return self._gate(", f"        {joined}", "    )"]
    inner = [f"        {argument}," for argument in arguments[:-1]]
    names = [f"            {name}," for name in row.angle_names]
    return ["    return self._gate(", *inner, "        (", *names, "        ),", "    )"]


def _tuple(names: Iterable[str]) -> str:
    names = list(names)
    return f"({names[0]},)" if len(names) == 1 else f"({', '.join(names)})"


def main() -> None:
    for file, text in sources().items():
        (Path(__file__).parent / "gate_methods" / file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
