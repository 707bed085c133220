"""Tokens of IR text: one compiled expression, read on demand, positions kept."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from q_store.qir.location import SourceText


class Token(NamedTuple):
    """Kind, text and character offset of one token."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


_TOKEN: Final = re.compile(
    r"""
    (?:[ \t\r]++|//[^\n]*+)*+
    (?:
    (?P<newline>\n)
  | (?P<value>%[^\W\d]\w*(?:\.[0-9]+)?)
  | (?P<symbol>@[^\W\d]\w*)
  | (?P<number>-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<special>-?(?:inf|nan)\b)
  | (?P<arrow>->)
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<word>[^\W\d][\w.]*)
  | (?P<punct>[()\[\]{},:=*+-])
  | (?P<end>\Z)
    )
    """,
    re.VERBOSE,
)
_BLANK: Final = re.compile(r"(?:[ \t\r]++|//[^\n]*+)*+")


class Lexer:
    """A cursor over the tokens of a source; spaces and comments are skipped, newlines are not."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.last_end = 0
        """Where the token before the current one ends."""
        self.token = self._read(0)
        """The current token; kind `end` at the end of the text."""

    def advance(self) -> Token:
        """Step to the next token; returns the one left behind."""
        left = self.token
        self.last_end = left.start + len(left.text)
        self.token = self._read(self.last_end)
        return left

    def jump(self, position: int) -> None:
        """Go on reading at a character offset."""
        self.last_end = position
        self.token = self._read(position)

    def skip_line(self) -> None:
        """Go to the newline that ends the current line, whatever stands before it."""
        stop = self.source.text.find("\n", self.token.start)
        self.jump(stop if stop >= 0 else len(self.source.text))

    def _read(self, position: int) -> Token:
        match = _TOKEN.match(self.source.text, position)
        if match is None:
            return self._stray(position)
        kind = match.lastgroup or "end"
        return Token(kind, match[kind], match.start(kind))

    def _stray(self, position: int) -> Token:
        blank = _BLANK.match(self.source.text, position)
        start = blank.end() if blank else position
        return Token("stray", self.source.text[start], start)
