"""Tokens to a syntax tree: an LALR(1) driver over the tables, with recovery.

After an error the parser goes back to where a statement may stand, puts the terminal `ERROR` of
the grammar there and skips to a token that can follow it, so that one wrong statement hides no
other one. Only what the grammar says is recovered; the tree of a wrong text is not used further.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from q_store.frontends.dsl.lexer import Tokens
from q_store.frontends.dsl.messages import accepted, syntax_error
from q_store.frontends.dsl.syntax import ACTIONS, Action, Block, Token
from q_store.frontends.dsl.tables import NODE, PASS, Rule, Tables, tables
from q_store.qir.diagnostics import Diagnostic, QStoreError
from q_store.qir.location import SourceText

MAX_PROBLEMS: Final = 20
"""Problems reported in one run."""


def parse(source: SourceText) -> Block:
    """The syntax tree of a text.

    Raises `QS120` with every syntax error found, up to a limit, and `QS132` for brackets nested
    too deep and numbers with too many digits.
    """
    return _Parser(source).run()


class _Parser:
    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.tables: Tables = tables()
        self.lexed = Tokens(source, self.tables)
        self.tokens = self.lexed.tokens
        self.position = 0
        self.states = [self.tables.start]
        self.values: list[Any] = []
        self.starts: list[int] = []
        """Where every value starts."""
        self.problems: list[Diagnostic] = []
        self.unopened = 0
        """Blocks whose opening brace is missing; their closing braces are not worth a word."""

    def run(self) -> Block:
        while not self.read():
            if not self.recover():
                break
        if self.lexed.problem is not None:
            self.problems += self.lexed.problem.diagnostics
        if self.problems:
            raise QStoreError(*self.problems)
        tree: Block = self.values[0]
        return tree

    def read(self) -> bool:
        """Read on until the end, or until a token that cannot stand where it stands."""
        actions, gotos, accept = self.tables.actions, self.tables.gotos, self.tables.accept
        states, values, starts, reducers = self.states, self.values, self.starts, _reducers()
        tokens, position = self.tokens, self.position
        token, state = tokens[position], states[-1]
        while True:
            to = actions[state].get(token.kind)
            if to is None:
                self.position = position
                return False
            if to >= 0:
                states.append(to)
                values.append(token)
                starts.append(token.start)
                position += 1
                token, state = tokens[position], to
                continue
            (origin, size, kind, _, kept, plain), action = reducers[-1 - to]
            if kind != PASS:
                # What is reduced ends with the token read last.
                start, end = token.start, token.start
                children: list[Any] = []
                if size:
                    start, end = starts[-size], tokens[position - 1].end
                    children = values[-size:] if plain else _kept(kept, values[-size:])
                    del values[-size:], starts[-size:], states[-size:]
                values.append(children if action is None else action(children, start, end))
                starts.append(start)
            else:
                states.pop()
            state = gotos[states[-1]][origin]
            states.append(state)
            if state == accept:
                return True

    # --- errors -------------------------------------------------------------------------------

    def recover(self) -> bool:
        """Report the token that does not fit and go on behind it; returns whether that worked."""
        token = self.tokens[self.position]
        if token.kind == "RBRACE" and self.unopened:
            self.unopened -= 1
        else:
            self.report(token)
            if len(self.problems) >= MAX_PROBLEMS or self.lexed.problem is not None:
                return False
        self.back_to_a_statement()
        while not accepted(self.tables, self.states, self.tokens[self.position].kind):
            if self.tokens[self.position].kind == "$END":
                return False
            self.position += 1
        return True

    def report(self, token: Token) -> None:
        found = syntax_error(
            self.source, self.tables, self.states, self.tokens, self.position, self.lexed.open
        )
        if token.kind == "_SEP" and accepted(self.tables, self.states, "LBRACE"):
            self.unopened += 1
        if token.kind != "$END" or self.lexed.problem is None:
            self.problems.append(found)

    def back_to_a_statement(self) -> None:
        """Forget the statement that went wrong; in its place comes `ERROR`."""
        actions = self.tables.actions
        while "ERROR" not in actions[self.states[-1]]:
            self.states.pop()
            self.values.pop()
            self.starts.pop()
        start = self.tokens[self.position].start
        self.states.append(actions[self.states[-1]]["ERROR"])
        self.values.append(None)
        self.starts.append(start)


@cache
def _reducers() -> list[tuple[Rule, Action | None]]:
    """Every rule with what makes its node; helper rules make none."""
    return [(rule, ACTIONS[rule.action] if rule.kind == NODE else None) for rule in tables().rules]


def _kept(kept: tuple[tuple[int, bool], ...], children: list[Any]) -> list[Any]:
    """The children that stay; lists of helper rules are joined in, the first one in place."""
    result: list[Any] = []
    for at, joined in kept:
        if not joined:
            result.append(children[at])
        elif result:
            result += children[at]
        else:
            result = children[at]
    return result


def failing_at(text: str) -> tuple[int, str]:
    """The state and the terminal at which reading a wrong text fails."""
    parser = _Parser(SourceText(text))
    parser.read()
    return parser.states[-1], parser.tokens[parser.position].kind
