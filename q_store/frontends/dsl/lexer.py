"""Text to tokens: one regular expression, keywords by look-up, line ends where they count."""

from __future__ import annotations

from typing import Final

from q_store.frontends.dsl.syntax import Token
from q_store.frontends.dsl.tables import Tables
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.location import SourceText

MAX_NESTING: Final = 32
"""Deepest nesting of brackets and braces."""
MAX_DIGITS: Final = 40
"""Longest number."""

_OPEN: Final = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_CLOSED: Final = {closer: opener for opener, closer in _OPEN.items()}
_OPERATORS: Final = frozenset(("PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "_POWER", "COMMA"))
_GOES_ON: Final = _OPERATORS | {"LPAR", "LSQB"}
"""After one of these inside brackets, the line is not over."""
_COUNTS: Final = {*_OPEN, *_CLOSED} | _OPERATORS
"""Brackets, and what a line inside brackets may go on with."""


class Tokens:
    """The tokens of a text, ending with `$END`, and the brackets that stay open."""

    def __init__(self, source: SourceText, tables: Tables) -> None:
        self.source = source
        self.tokens: list[Token] = []
        self.open: list[Token] = []
        """Brackets not closed, the outermost first."""
        self.problem: QStoreError | None = None
        """A limit that was exceeded; nothing after that place was read."""
        self._read(tables)

    def _read(self, tables: Tables) -> None:
        tokens, literals, new = self.tokens, tables.literals, tuple.__new__
        for match in tables.pattern.finditer(self.source.text):
            kind = match.lastgroup or "END"
            text = match[kind]
            start, end = match.span(kind)
            if kind == "WORD":
                kind = literals[text]
                if kind in _COUNTS and not self._sign(kind, text, start):
                    return
            elif kind == "NAME":
                kind = literals.get(text, kind)
                if kind == "ELSE":
                    self._drop_line_end()
            elif kind == "_SEP":
                if not tokens or not self._line_ends(text):
                    continue
            elif kind == "END":
                self._drop_line_end()
                tokens.append(Token("$END", "", start, end))
                return
            elif kind != "BAD" and end - start > MAX_DIGITS:
                self._fail(start, end, f"a number of more than {MAX_DIGITS} digits")
                return
            tokens.append(new(Token, (kind, text, start, end)))

    def _sign(self, kind: str, text: str, start: int) -> bool:
        """Count brackets and join lines. Returns whether reading may go on."""
        stack = self.open
        if kind in _OPEN:
            stack.append(Token(kind, text, start, start + 1))
            if len(stack) > MAX_NESTING:
                self._fail(start, start + 1, f"brackets are nested more than {MAX_NESTING} deep")
                return False
            return True
        if kind == "RBRACE" or (stack and stack[-1].kind != "LBRACE"):
            self._drop_line_end()
        opener = _CLOSED.get(kind)
        if opener is not None:
            # A brace closes the brackets left open in it, another bracket only one of its kind.
            while kind == "RBRACE" and stack and stack[-1].kind != opener:
                stack.pop()
            if stack and stack[-1].kind == opener:
                stack.pop()
        return True

    def _line_ends(self, text: str) -> bool:
        """Whether a line end separates statements here."""
        before = self.tokens[-1].kind
        if before in ("LBRACE", "_SEP"):
            return False
        inside = self.open and self.open[-1].kind != "LBRACE"
        if inside and ";" in text.partition("#")[0].partition("//")[0]:
            while self.open and self.open[-1].kind != "LBRACE":
                self.open.pop()
            return True
        return not (inside and before in _GOES_ON)

    def _drop_line_end(self) -> None:
        if self.tokens and self.tokens[-1].kind == "_SEP":
            self.tokens.pop()

    def _fail(self, start: int, end: int, message: str) -> None:
        self.problem = error("QS132", message, span=self.source.span(start, end))
        self.tokens.append(Token("$END", "", start, start))
