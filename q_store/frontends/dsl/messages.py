"""What to say about a token that does not fit: what came, what was expected, what was meant."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from q_store.frontends.dsl.syntax import Token
from q_store.frontends.dsl.tables import Tables
from q_store.qir.diagnostics import Diagnostic, Span, did_you_mean
from q_store.qir.location import SourceText

_MAX_NOUNS: Final = 6

_NOUNS: Final = {
    "NAME": "a name",
    "INTEGER": "an integer",
    "NUMBER": "a number",
    "_SEP": "the end of the line",
    "$END": "the end of the file",
}
_OPERATORS: Final = frozenset(("PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "_POWER"))
_EXPRESSION: Final = frozenset(("INTEGER", "NUMBER", "LPAR", "MINUS", "PLUS", "SUM"))
_STATEMENTS: Final = frozenset(("QUBITS", "FOR", "MEASURE", "EXPECT"))

_HINTS: Final = {
    "a gate is followed by its qubits, with commas between them: `cx q[0], q[1]`": (
        "cx q[0] q[1]",
        "cx q q",
        "cx q, q q",
        "noise bit_flip(0.1)",
    ),
    "angles stand in parentheses before the qubits: `rx(0.3) q[0]`": (
        "rx 0.3 q[0]",
        "rx -0.3 q[0]",
        "rx q[0], 0.3",
        "rx q, -0.3",
    ),
    "an index stands in brackets: `q[0]`": ("h q(0)", "cx q[0], q(1)", "measure q(0)"),
    "ranges are half open and written `0..4`": (
        "for i in 4 {",
        "for i in n {",
        "for i in 0:4 {",
        "for i in 0, 4 {",
        "for i in range(4) {",
        "h q[0:2]",
    ),
    "a body stands in braces: `for i in 0..4 { ... }`": (
        "for i in 0..4\nh q[i]",
        "for i in 0..4 h q[i]",
        "if c h q[0]",
        "if c\nh q[0]",
        "layer 2\nh q",
        "gate g u h u",
        "gate g u\nh u",
        "layer 2 h q }",
    ),
    "a register has its size in brackets: `qubits q[4]`": ("qubits 4", "qubits q 4", "qubits q(4)"),
    "the wires of a gate stand after its angles: `gate g(t) u, v { ... }`": (
        "gate g(t) { h u }",
        "gate g { h u }",
    ),
    "a value is given with `=`: `const a = 0.5`": ("const a 0.5", "derived y x[0]"),
    "modifiers are followed by `@`: `ctrl @ x q[0], q[1]`": ("ctrl x q[0], q[1]", "inv s q[0]"),
    "a bit is named after an arrow: `measure q[0] -> c`": ("c = measure q[0]",),
    "powers of powers need parentheses: `(a**b)**c`": ("rx(2**3**4) q[0]",),
    "`else` follows the `}` of an `if`": (
        "else { h q }",
        "h q\nelse { h q }",
        "h q[0]\nelse { h q }",
    ),
    "an observable is a sum of Pauli words: `expect 0.5*X0 Z2 + Z1`": ("expect Z0 +", "expect"),
}
"""What to write, and wrong lines: an error in the same place with the same token gets the hint."""


def accepted(tables: Tables, states: Sequence[int], kind: str) -> bool:
    """Whether a terminal can come next: follows the reductions it would cause."""
    stack = list(states)
    while (to := tables.actions[stack[-1]].get(kind)) is not None:
        if to >= 0:
            return True
        rule = tables.rules[-1 - to]
        if rule.size:
            del stack[-rule.size :]
        stack.append(tables.gotos[stack[-1]][rule.origin])
        if stack[-1] == tables.accept:
            return True
    return False


def syntax_error(
    source: SourceText,
    tables: Tables,
    states: Sequence[int],
    tokens: Sequence[Token],
    position: int,
    unclosed: Sequence[Token],
) -> Diagnostic:
    """The diagnostic for a token that cannot come next."""
    token, before = tokens[position], tokens[position - 1] if position else None
    kinds = {kind for kind in tables.actions[states[-1]] if accepted(tables, states, kind)}
    label = f"expected {', '.join(_nouns(kinds, tables))}" if kinds else ""
    notes = []
    if token.kind == "$END" and unclosed:
        line = source.span(unclosed[-1].start, unclosed[-1].end).line
        notes.append(f"the `{unclosed[-1].text}` of line {line} is not closed")
    hint = _hints().get((states[-1], token.kind), "")
    help = hint or _what_was_meant(kinds, token, _first_word(tokens, position), tables)
    span = _place(source, token, before, label)
    return Diagnostic("QS120", f"unexpected {_named(token)}", span, "error", tuple(notes), help)


def _first_word(tokens: Sequence[Token], position: int) -> Token:
    """The token that begins the statement around a token."""
    while position and tokens[position - 1].kind not in ("_SEP", "LBRACE", "RBRACE"):
        position -= 1
    return tokens[position]


def _named(token: Token) -> str:
    if token.kind == "$END":
        return "end of the file"
    if token.kind == "_SEP" and token.text.startswith("\n"):
        return "end of the line"
    if token.kind == "BAD":
        return f"character {token.text!r}"
    return f"`{token.text[:1] if token.kind == '_SEP' else token.text}`"


def _place(source: SourceText, token: Token, before: Token | None, label: str) -> Span:
    """An end of a line or of the file is shown behind the last token."""
    ending = token.kind == "$END" or (token.kind == "_SEP" and token.text.startswith("\n"))
    start, end = token.start, token.end
    if ending:
        start = before.end if before is not None and before.kind != "_SEP" else token.start
        end = start + 1
    elif token.kind == "_SEP":
        end = start + 1
    return source.span(start, end, label)


def _nouns(kinds: set[str], tables: Tables) -> list[str]:
    """Few words for what could come next: `a statement`, `an expression`, then single tokens."""
    texts = {kind: text for text, kind in tables.literals.items()}
    rest, nouns = kinds - {"ERROR"}, []
    if rest >= _STATEMENTS:
        nouns.append("a statement")
        rest -= {kind for kind, text in texts.items() if text.isalpha()} | {"NAME", "_SEP"}
    if rest >= {"INTEGER", "NUMBER"}:
        nouns.append("an expression")
        rest -= {*_EXPRESSION, "NAME"}
    if len(rest & _OPERATORS) > 1:
        nouns.append("an operator")
        # Factors may stand side by side in observables; nobody who made a mistake meant that.
        rest -= {*_OPERATORS, "NAME", "SUM"}
    if "_SEP" in rest:
        rest -= {"$END"}
    order = sorted(rest, key=lambda kind: (kind not in _NOUNS, kind))
    nouns += [_NOUNS.get(kind) or f"`{texts[kind]}`" for kind in order]
    return nouns[:_MAX_NOUNS]


def _what_was_meant(kinds: set[str], token: Token, first: Token, tables: Tables) -> str:
    """Mistakes that look alike everywhere: brackets, words of the language, misspelled words."""
    keywords = {text: kind for text, kind in tables.literals.items() if text.isalpha()}
    if token.kind in ("_SEP", "$END", "RBRACE"):
        for kind, what in (("RPAR", "parenthesis"), ("RSQB", "bracket")):
            if kind in kinds:
                return f"close the {what} on this line, or end the line with an operator or a comma"
    if "NAME" in kinds and token.text in keywords and not kinds >= _STATEMENTS:
        return f"`{token.text}` is a word of the language and cannot be a name"
    fitting = [text for text, kind in keywords.items() if kind in kinds]
    near = did_you_mean(token.text, fitting) if token.kind == "NAME" else ""
    return near or (did_you_mean(first.text, keywords) if first.kind == "NAME" else "")


@cache
def _hints() -> dict[tuple[int, str], str]:
    """Hints by the state and the token at which their examples fail."""
    from q_store.frontends.dsl.parser import failing_at

    return {failing_at(line): hint for hint, lines in _HINTS.items() for line in lines}
