"""The short way for plain gate statements, which long programs consist of.

`rx(pi/2) q[0];` and its like at the top level are read by one regular expression and blanked out
of the text that goes to the parser, so what it says about places stays right. Whatever does not
look exactly like such a statement is left to the parser.
"""

from __future__ import annotations

import re
from math import pi
from typing import Final, NamedTuple

_SPACE = r"(?:\s|//[^\n]*\n)*"
_OPERAND = rf"[A-Za-z_]\w*{_SPACE}(?:\[{_SPACE}[0-9]{{1,9}}{_SPACE}\])?"
_GATE: Final = re.compile(
    rf"([A-Za-z_]\w*)(?:\s*\(([^()\[\];{{}}\"/@]*(?:/[^()\[\];{{}}\"/@*]+)*)\)\s*|\s+)"
    rf"({_OPERAND}(?:{_SPACE},{_SPACE}{_OPERAND})*){_SPACE};"
)
_GAP: Final = re.compile(r"(?:\s+|//[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.S)
_OTHER: Final = re.compile(r'(?:[^;{}"/]+|"[^"\n]*"|//[^\n]*|/\*.*?\*/|/(?![/*]))*+([;{}])', re.S)
_OPERANDS: Final = re.compile(r"([A-Za-z_]\w*)\s*(?:\[\s*([0-9]+)\s*\])?")
_UNFIT: Final = re.compile(r"^\s*@|\bpragma\b|\bcal\b|\bdefcal|'", re.M)
_BLOCK: Final = re.compile(r"(?:[)\]}]|\b(?!in\b)\w+)\s*\Z")
_BLANK_LINE: Final = re.compile(r"^[ \t]+$", re.M)
_CHAIN: Final = re.compile(r"\s*([-+]?)\s*(.*)", re.S)
_FACTOR: Final = re.compile(r"\s*(pi|[0-9]+(\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+)\s*([*/]|\Z)")

_RESERVED: Final = """
    OPENQASM include gate def qubit qreg bit creg input output const let if else for while in
    switch case default measure reset barrier box delay return end break continue int uint float
    angle bool complex array duration stretch extern opaque inv ctrl negctrl pow gphase defcal cal
    defcalgrammar pragma mutable readonly durationof sizeof im true false void
"""
_KEYWORDS: Final = frozenset(_RESERVED.split())


class QuickGate(NamedTuple):
    """A gate on whole registers and single qubits with constant angles."""

    begin: int
    end: int
    name: str
    angles: tuple[float, ...]
    operands: tuple[tuple[str, int | None], ...]


def _after_gap(text: str, place: int) -> int:
    """Where the next statement begins, after spaces and comments."""
    gap = _GAP.match(text, place)
    return gap.end() if gap else place


def take_gates(text: str, version: int) -> tuple[list[QuickGate], str]:
    """Plain gate statements of the top level in order, and the text with blanks in their place."""
    if _UNFIT.search(text):
        return [], text
    gates: list[QuickGate] = []
    rest: list[str] = []
    kept, place, numbers, operands = 0, 0, _Numbers(version), _Operands()
    while (place := _after_gap(text, place)) < len(text):
        match = _GATE.match(text, place)
        angles = numbers.get(match[2]) if match and match[1] not in _KEYWORDS else None
        if match is not None and angles is not None:
            end = match.end()
            gates.append(QuickGate(place, end, match[1], angles, operands.get(match[3])))
            rest += (text[kept:place], _blank(text, place, end))
            kept = place = end
            continue
        after = _skip(text, place)
        if after is None:
            break
        place = after
    rest.append(text[kept:])
    # The parser reads blanks one by one, and no place on such a line is ever asked for.
    return gates, _BLANK_LINE.sub("", "".join(rest))


def _blank(text: str, begin: int, end: int) -> str:
    if "\n" not in text[begin:end]:
        return " " * (end - begin)
    return "".join(["\n" if c == "\n" else " " for c in text[begin:end]])


def _skip(text: str, place: int) -> int | None:
    """The place after one statement with all its blocks, or `None` where that is not clear."""
    depth, is_block = 0, True
    while (match := _OTHER.match(text, place)) is not None:
        mark, place = match[1], match.end()
        if mark == "{":
            if depth == 0:
                is_block = bool(
                    _BLOCK.search(text[max(match.start(), match.end() - 80) : place - 1])
                )
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth < 0:
                return None
        if depth == 0 and (mark == ";" or (mark == "}" and is_block)):
            return place
    return None


class _Operands:
    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[str, int | None], ...]] = {}

    def get(self, text: str) -> tuple[tuple[str, int | None], ...]:
        found = self._known.get(text)
        if found is None:
            bare = re.sub(r"//[^\n]*\n", " ", text)
            found = tuple(
                [(name, int(index) if index else None) for name, index in _OPERANDS.findall(bare)]
            )
            self._known[text] = found
        return found


class _Numbers:
    """Products and quotients of numbers and pi; `None` for anything else."""

    def __init__(self, version: int) -> None:
        self._version = version
        self._known: dict[str | None, tuple[float, ...] | None] = {None: ()}

    def get(self, text: str | None) -> tuple[float, ...] | None:
        if text not in self._known:
            assert text is not None
            numbers = [self._number(part) for part in text.split(",")]
            known = tuple([number for number in numbers if number is not None])
            self._known[text] = known if len(known) == len(numbers) else None
        return self._known[text]

    def _number(self, text: str) -> float | None:
        match = _CHAIN.match(text)
        assert match is not None
        sign, rest = match[1], match[2]
        value: float | None = None
        operator, place, real = "", 0, self._version == 2
        while (factor := _FACTOR.match(rest, place)) is not None:
            plain = factor[1].isdigit()
            number = pi if factor[1] == "pi" else float(factor[1])
            if plain and (len(factor[1]) > 15 or (value is not None and not real)):
                # Integers are divided as integers, which the evaluator knows about.
                return None
            real = real or not plain
            if value is None:
                value = -number if sign == "-" else number
            elif operator == "*":
                value *= number
            elif number == 0.0:
                return None
            else:
                value /= number
            operator, place = factor[3], factor.end()
            if not operator:
                return value if abs(value) < 1e300 else None
        return None
