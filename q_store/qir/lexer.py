"""Tokens of IR text: one compiled expression, positions kept."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from q_store.qir.diagnostics import error
from q_store.qir.location import SourceText


class Token(NamedTuple):
    """Kind, text and character offset of one token."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


_TOKENS: Final = re.compile(
    r"""
    (?P<skip>[ \t\r]+|//[^\n]*)
  | (?P<newline>\n)
  | (?P<value>%[^\W\d]\w*(?:\.\d+)?)
  | (?P<symbol>@[^\W\d]\w*)
  | (?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<special>-?(?:inf|nan)\b)
  | (?P<arrow>->)
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<word>[^\W\d][\w.]*)
  | (?P<punct>[()\[\]{},:=*+-])
    """,
    re.VERBOSE,
)


def tokenize(source: SourceText) -> list[Token]:
    """All tokens but spaces and comments, newlines included, with an `end` token last.

    Raises `QS101` at a character that starts no token.
    """
    text, position = source.text, 0
    tokens: list[Token] = []
    append, match_at = tokens.append, _TOKENS.match
    while match := match_at(text, position):
        kind = match.lastgroup
        if kind != "skip":
            append(Token(kind or "", match[0], position))
        position = match.end()
    if position != len(text):
        char = text[position]
        raise error(
            "QS101", f"unexpected character {char!r}", span=source.span(position, position + 1)
        )
    append(Token("end", "", position))
    return tokens
