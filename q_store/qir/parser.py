"""IR text to functions: a hand-written recursive-descent parser with positions.

    module  ::= 'qir' INT func*
    func    ::= 'func' '@'NAME '(' [param (',' param)*] ')' ['->' '(' types ')']
                ['attrs' '{' [NAME '=' literal (',' …)*] '}'] '{' op* 'return' [values] '}'
    param   ::= '%'NAME ':' type ['input' | 'weight']
    op      ::= [values '='] NAME ['(' angle (',' angle)* ')'] [INT | values] [observed] [regions]
    angle   ::= ['-'] term (('+' | '-') term)*
    term    ::= NUMBER | [NUMBER '*'] '%'NAME ['[' INT (',' INT)* ']']
    regions ::= '{' '(' [values] ')' op* 'yield' [values] '}' ['else' '{' … '}']

Statements end with the line; `//` starts a comment. Every problem is a diagnostic with a caret;
reading goes on at the next line, so one run reports up to twenty of them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, NoReturn

from q_store.qir import dialects
from q_store.qir.angle import Angle, Ref
from q_store.qir.diagnostics import Diagnostic, QStoreError, Span, counted, did_you_mean, error
from q_store.qir.func import AttrValue, Func, Module, Role
from q_store.qir.lexer import Lexer, Token
from q_store.qir.location import SourceText, TextLocation
from q_store.qir.observables import Expval, Observation, PauliSum, Probs, Sample, State
from q_store.qir.ops import Gate, Op, Region
from q_store.qir.registry import all_gates_by_name, all_ops, op_def
from q_store.qir.types import QUBIT, Type, parse_type
from q_store.qir.values import Value
from q_store.qir.verifier import result_types, verify

_MAX_ERRORS: Final = 20
_MAX_DEPTH: Final = 50
_MAX_QUOTED: Final = 40
_MAX_RANK: Final = 8
_MAX_ALLOC: Final = 100_000
_SIMPLE_OP: Final = re.compile(
    r"(NAME(?:, NAME)*) = (\w+\.\w+)(?:\(([^()\n]*)\))? (NAME(?:, NAME)*)(?=\n)".replace(
        "NAME", r"%[^\W\d]\w*(?:\.[0-9]+)?"
    )
)
_AFFINE: Final = (
    "an angle is a sum of numbers and of numbers times parameters; all else is computed before, "
    "as in `%t = f.mul(%a, %b)`"
)
_ROLES: Final[dict[str, Role]] = {"input": "input", "weight": "weight"}


def parse_module(text: str, file: str = "<text>") -> Module:
    """Read and verify a module. Raises `QStoreError` with every problem found, carets included.

    >>> print(parse_module("qir 1\\nfunc @f() {\\n  return\\n}\\n"))
    qir 1
    func @f() {
      return
    }
    <BLANKLINE>
    """
    parser = _Parser(SourceText(text, file))
    module = parser.module()
    for func in module.funcs:
        try:
            verify(func)
        except QStoreError as problem:
            raise _placed(problem, parser.heads[func.name]) from None
    return module


def _placed(problem: QStoreError, span: Span) -> QStoreError:
    """The same problem; what has no place of its own is shown at `span`."""
    return QStoreError(*[replace(d, span=d.span or span) for d in problem.diagnostics])


class _GiveUp(Exception):
    """Too many problems, or the text ends in the middle of one."""


class _Parser:
    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.lex = Lexer(source)
        self.values: dict[str, Value] = {}
        self.angle_memo: dict[str, Angle] = {}
        self.problems: list[Diagnostic] = []
        self.heads: dict[str, Span] = {}
        """Where each function's name stands."""
        self.depth = 0

    # --- tokens -------------------------------------------------------------------------------

    def fail(self, code: str, message: str, token: Token | None = None, help: str = "") -> NoReturn:
        token = token or self.lex.token
        end = token.end if token.text.strip() else token.start + 1
        raise error(code, message, span=self.source.span(token.start, end), help=help)

    def expected(self, what: str, help: str = "") -> NoReturn:
        token = self.lex.token
        names = {"newline": "end of line", "end": "end of input"}
        got = names.get(token.kind) or repr(_brief(token.text))
        self.fail("QS101", f"expected {what}, got {got}", help=help)

    def accept(self, text: str) -> bool:
        if self.lex.token.text == text:
            self.lex.advance()
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            self.expected(f"`{text}`")

    def take(self, kind: str, what: str) -> Token:
        if self.lex.token.kind != kind:
            self.expected(what)
        return self.lex.advance()

    def integer(self, what: str, limit: int) -> int:
        token = self.take("number", what)
        if not token.text.isdecimal():
            self.fail("QS101", f"expected {what}, got {_brief(token.text)!r}", token)
        if len(token.text) > 9 or int(token.text) > limit:
            self.fail("QS101", f"{what} may be at most {limit}, got {_brief(token.text)}", token)
        return int(token.text)

    def newlines(self) -> None:
        while self.lex.token.kind == "newline":
            self.lex.advance()

    def end_of_line(self) -> None:
        if self.lex.token.kind not in ("newline", "end"):
            self.expected("end of line")
        self.newlines()

    def recover(self, problem: QStoreError) -> None:
        """Note a problem and go on at the next line."""
        first = problem.diagnostics[0]
        # A name that is missing after an earlier problem is most likely its consequence.
        if first.code != "QS106" or not self.problems:
            self.problems.extend(problem.diagnostics)
        if len(self.problems) >= _MAX_ERRORS or self.lex.token.kind == "end":
            raise _GiveUp
        self.lex.skip_line()
        self.newlines()

    # --- module and functions -----------------------------------------------------------------

    def module(self) -> Module:
        self.newlines()
        self.header()
        funcs: list[Func] = []
        with suppress(_GiveUp):
            self.funcs(funcs)
        if self.problems:
            raise QStoreError(*self.problems)
        return Module(tuple(funcs))

    def funcs(self, found: list[Func]) -> None:
        while self.lex.token.kind != "end":
            try:
                found.append(self.func())
            except QStoreError as problem:
                self.recover(problem)
                while self.lex.token.text not in ("func", ""):
                    self.lex.skip_line()
                    self.newlines()
            self.newlines()

    def header(self) -> None:
        if self.lex.token.text != "qir":
            self.expected("the header `qir 1`", "IR text starts with its format version")
        self.lex.advance()
        token = self.take("number", "a format version")
        if token.text != "1":
            self.fail(
                "QS105",
                f"this is format version {_brief(token.text)}; this q-store reads version 1",
                token,
                "upgrade q-store, or write the file again with the older one",
            )
        self.end_of_line()

    def func(self) -> Func:
        if not self.accept("func"):
            self.expected("`func`")
        name = self.take("symbol", "a function name such as `@main`")
        if name.text[1:] in self.heads:
            self.fail("QS203", f"function {name.text} is defined twice", name)
        self.heads[name.text[1:]] = self.source.span(name.start, name.end)
        self.values, self.angle_memo = {}, {}
        args, roles = self.params()
        declared = self.result_types() if self.accept("->") else None
        attrs = self.attrs() if self.accept("attrs") else {}
        self.expect("{")
        self.end_of_line()
        ops, results = self.body("return")
        self.expect("}")
        returned = [value.type for value in results]
        if declared not in (None, returned) and not self.problems:
            self.fail(
                "QS205",
                f"{name.text} declares {_listed(declared or ())} and returns {_listed(returned)}",
                name,
            )
        return Func(name.text[1:], args, roles, ops, results, attrs)

    def params(self) -> tuple[tuple[Value, ...], tuple[Role | None, ...]]:
        args: list[Value] = []
        roles: list[Role | None] = []
        self.expect("(")
        while self.lex.token.text != ")":
            token = self.take("value", "a parameter such as `%x: f64`")
            self.expect(":")
            type = self.type()
            args.append(self.define(token, type))
            role = _ROLES.get(self.lex.token.text)
            if role is None and self.lex.token.kind == "word":
                self.expected("`,` or `)`", did_you_mean(self.lex.token.text, _ROLES))
            if role and type.kind != "f64":
                self.fail("QS212", f"only f64 parameters have a role, not {type}")
            if role:
                self.lex.advance()
            roles.append(role or ("weight" if type.kind == "f64" else None))
            if not self.accept(","):
                break
        self.expect(")")
        return tuple(args), tuple(roles)

    def result_types(self) -> list[Type]:
        """They may be left out; when they are there they must be those of the returned values."""
        found: list[Type] = []
        self.expect("(")
        while self.lex.token.text != ")":
            found.append(self.type())
            if not self.accept(","):
                break
        self.expect(")")
        return found

    def type(self) -> Type:
        token = self.take("word", "a type")
        text, end = token.text, token
        if self.lex.token.text == "[":
            self.lex.advance()
            extents = [str(self.integer("an extent", 2**30))]
            while len(extents) < _MAX_RANK and self.accept(","):
                extents.append(str(self.integer("an extent", 2**30)))
            end = self.lex.token
            self.expect("]")
            text += f"[{','.join(extents)}]"
        found = parse_type(text)
        if found is None:
            whole = Token("word", self.source.text[token.start : end.end], token.start)
            self.fail(
                "QS104",
                f"unknown type `{_brief(whole.text)}`",
                whole,
                "types are qubit, f64, f64[n], f64[m,n] and bit",
            )
        return found

    def attrs(self) -> dict[str, AttrValue]:
        attrs: dict[str, AttrValue] = {}
        self.expect("{")
        while self.lex.token.text != "}":
            key = self.take("word", "an attribute name")
            if key.text in attrs:
                self.fail("QS203", f"the attribute {_brief(key.text)} is given twice", key)
            self.expect("=")
            attrs[key.text] = self.literal()
            if not self.accept(","):
                break
        self.expect("}")
        return attrs

    def literal(self) -> AttrValue:
        token = self.lex.token
        if token.kind not in ("number", "string"):
            self.expected("a number or a string")
        self.lex.advance()
        try:
            value: AttrValue = json.loads(token.text)
        except ValueError:
            self.fail("QS101", f"{_brief(token.text)} is not a JSON number or string", token)
        if isinstance(value, float) and not math.isfinite(value):
            self.fail("QS101", f"{_brief(token.text)} is too large", token)
        return value

    # --- statements ---------------------------------------------------------------------------

    def body(self, last: str) -> tuple[tuple[Op, ...], tuple[Value, ...]]:
        ops: list[Op] = []
        while True:
            self.newlines()
            token = self.lex.token
            if token.text == last:
                break
            if token.kind == "end" or token.text == "}":
                self.expected(f"a statement or `{last}`")
            try:
                ops.append(self.op())
                self.end_of_line()
            except QStoreError as problem:
                self.recover(problem)
        self.lex.advance()
        results: tuple[Value, ...] = ()
        try:
            results = tuple([self.use(token) for token in self.value_tokens()])
            self.end_of_line()
        except QStoreError as problem:
            self.recover(problem)
        return tuple(ops), results

    def value_tokens(self) -> list[Token]:
        found: list[Token] = []
        while self.lex.token.kind == "value":
            found.append(self.lex.advance())
            if not self.accept(","):
                break
        return found

    def define(self, token: Token, type: Type) -> Value:
        name = token.text[1:]
        if token.text in self.values:
            self.fail("QS203", f"{_brief(token.text)} is defined twice", token)
        value = Value(type, name.partition(".")[0])
        self.values[token.text] = value
        return value

    def use(self, token: Token) -> Value:
        value = self.values.get(token.text)
        if value is None:
            # After an earlier problem this one is not shown, and looking for names takes time.
            help = "" if self.problems else did_you_mean(token.text, self.values)
            self.fail("QS106", f"{_brief(token.text)} is not defined here", token, help)
        return value

    def op(self) -> Op:
        simple = _SIMPLE_OP.match(self.source.text, self.lex.token.start)
        if simple is not None and (op := self.simple_op(simple)) is not None:
            return op
        start = self.lex.token.start
        targets = self.value_tokens()
        if targets:
            self.expect("=")
        name = self.take("word", "an op such as `q.rx`")
        defn = all_ops().get(name.text)
        if defn is None:
            defn = op_def(name.text, self.source.span(name.start, name.end))
        if defn is dialects.ALLOC:
            return self.alloc(targets, start)
        angles = self.angles() if self.lex.token.text == "(" else ()
        operands = tuple([self.use(token) for token in self.value_tokens()])
        if isinstance(defn, Gate) and len(operands) != defn.wires:
            wires = counted(defn.wires or 0, "qubit")
            self.fail("QS205", f"`{defn.name}` needs {wires}, got {len(operands)}", name)
        observations: tuple[Observation, ...] = ()
        if defn is dialects.OBSERVE and self.lex.token.text == "[":
            observations = self.observations(len(operands))
        regions = self.regions(len(operands) - 1) if defn is dialects.IF else ()
        types = result_types(defn, len(operands), observations)
        if len(types) != len(targets):
            values = counted(len(types), "value")
            self.fail("QS205", f"`{defn.name}` defines {values} here, not {len(targets)}", name)
        results = tuple(map(self.define, targets, types))
        loc = TextLocation(self.source, start, self.lex.last_end)
        return Op(
            defn, operands, angles, results, regions=regions, observations=observations, loc=loc
        )

    def simple_op(self, match: re.Match[str]) -> Op | None:
        """The short way for gates, which are nearly all of a program; `None` when anything about
        the statement is unusual, so that the long way finds what and says it."""
        values, memo = self.values, self.angle_memo
        defn = all_gates_by_name().get(match[2])
        if defn is None:
            return None
        try:
            operands = tuple([values[name] for name in match[4].split(", ")])
            angles = tuple([memo[text] for text in match[3].split(", ")]) if match[3] else ()
        except KeyError:
            return None
        targets = match[1].split(", ")
        new = set(targets)
        if not len(new) == len(targets) == len(operands) or not values.keys().isdisjoint(new):
            return None
        results = tuple([Value(QUBIT, name[1:].partition(".")[0]) for name in targets])
        values.update(zip(targets, results, strict=True))
        self.lex.jump(match.end())
        loc = TextLocation(self.source, match.start(), match.end())
        return Op(defn, operands, angles, results, loc=loc)

    def alloc(self, targets: list[Token], start: int) -> Op:
        count = self.integer("a number of qubits", _MAX_ALLOC)
        if count != len(targets):
            values = counted(count, "value")
            self.fail("QS205", f"`q.alloc {count}` defines {values}, not {len(targets)}")
        results = tuple([self.define(token, QUBIT) for token in targets])
        return Op(
            dialects.ALLOC,
            results=results,
            loc=TextLocation(self.source, start, self.lex.last_end),
        )

    # --- angles -------------------------------------------------------------------------------

    def angles(self) -> tuple[Angle, ...]:
        self.lex.advance()
        found = [self.memoised_angle()]
        while self.accept(","):
            found.append(self.memoised_angle())
        if self.lex.token.text != ")":
            self.expected("`)`", help=_AFFINE if self.lex.token.text in ("*", "/") else "")
        self.lex.advance()
        return tuple(found)

    def memoised_angle(self) -> Angle:
        start = self.lex.token.start
        angle = self.angle()
        self.angle_memo[self.source.text[start : self.lex.last_end]] = angle
        return angle

    def angle(self) -> Angle:
        const, terms = 0.0, []
        sign = -1.0 if self.accept("-") else 1.0
        while True:
            number, ref = self.angle_term()
            if ref is None:
                const += sign * number
            else:
                terms.append((ref, sign * number))
            token = self.lex.token
            if token.text in ("+", "-"):
                sign = 1.0 if token.text == "+" else -1.0
                self.lex.advance()
            elif token.kind == "number" and token.text[0] == "-":
                sign = 1.0
            else:
                break
        if len(terms) == 1 and terms[0][1] != 0.0:
            return Angle(const, tuple(terms))
        return Angle.sum(const, terms)

    def angle_term(self) -> tuple[float, Ref | None]:
        token = self.lex.token
        number = 1.0
        if token.kind in ("number", "special"):
            self.lex.advance()
            number = float(token.text)
            if not math.isfinite(number):
                self.fail("QS208", f"an angle must be finite, got {_brief(token.text)}", token)
            if self.lex.token.text != "*":
                return number, None
            self.lex.advance()
        return number, self.ref()

    def ref(self) -> Ref:
        if self.lex.token.kind != "value":
            self.expected("a number or a parameter", help=_AFFINE)
        token = self.lex.advance()
        value = self.use(token)
        index: tuple[int, ...] = ()
        if self.lex.token.text == "[":
            self.lex.advance()
            entries = [self.integer("an index", 2**30)]
            while self.accept(","):
                entries.append(self.integer("an index", 2**30))
            self.expect("]")
            index = tuple(entries)
        shape = value.type.shape
        if value.type.kind == "f64" and len(index) != len(shape):
            rank = counted(len(shape), "dimension")
            self.fail("QS207", f"{_brief(token.text)} has {rank}, got {len(index)} indices", token)
        if any(i >= extent for i, extent in zip(index, shape, strict=False)):
            name = f"{_brief(token.text)}: {value.type}"
            self.fail("QS207", f"index {list(index)} is out of range for {name}", token)
        return (value, index)

    # --- m.observe and q.if -------------------------------------------------------------------

    def observations(self, wires: int) -> tuple[Observation, ...]:
        self.lex.advance()
        found: list[Observation] = []
        while self.lex.token.text != "]":
            token = self.take("word", "expval, probs, sample or state")
            found.append(self.observation(token))
            try:
                found[-1].result_type(wires)
            except QStoreError as problem:
                self.fail(problem.code, problem.diagnostics[0].message, token)
            if not self.accept(","):
                break
        self.expect("]")
        return tuple(found)

    def observation(self, token: Token) -> Observation:
        if token.text == "state":
            return State()
        if token.text == "expval":
            return Expval(self.pauli_sum())
        if token.text not in ("probs", "sample"):
            self.fail(
                "QS107",
                f"unknown observation `{_brief(token.text)}`",
                token,
                did_you_mean(token.text, ("expval", "probs", "sample", "state")),
            )
        self.expect("(")
        qubits: list[int] = []
        while self.lex.token.text != ")":
            qubits.append(self.integer("a qubit index", _MAX_ALLOC))
            if not self.accept(","):
                break
        self.expect(")")
        return Probs(tuple(qubits)) if token.text == "probs" else Sample(tuple(qubits))

    def pauli_sum(self) -> PauliSum:
        opening = self.lex.token
        self.expect("(")
        while self.lex.token.text != ")":
            if self.lex.token.kind in ("newline", "end"):
                self.expected("`)`")
            self.lex.advance()
        paulis = PauliSum.parse_source(self.source, opening.end, self.lex.token.start)
        self.lex.advance()
        return paulis

    def regions(self, wires: int) -> tuple[Region, ...]:
        if self.depth == _MAX_DEPTH:
            self.fail("QS101", f"bodies may be nested at most {_MAX_DEPTH} deep")
        first = self.region()
        if self.accept("else"):
            return (first, self.region())
        passed = tuple([Value(QUBIT, "t") for _ in range(max(wires, 0))])
        return (first, Region(passed, (), passed))

    def region(self) -> Region:
        """One body. It sees parameters and bits from outside; nothing it defines is seen there."""
        outer, self.depth = self.values, self.depth + 1
        self.values = {name: v for name, v in outer.items() if not v.type.linear}
        try:
            return self.region_text()
        finally:
            # The memo may name values that end with this body.
            self.values, self.angle_memo, self.depth = outer, {}, self.depth - 1

    def region_text(self) -> Region:
        self.expect("{")
        self.end_of_line()
        self.expect("(")
        args = tuple([self.define(token, QUBIT) for token in self.value_tokens()])
        self.expect(")")
        self.end_of_line()
        ops, results = self.body("yield")
        self.expect("}")
        return Region(args, ops, results)


def _listed(types: Sequence[Type]) -> str:
    return f"({', '.join(map(str, types))})"


def _brief(text: str) -> str:
    """A token for a message, cut when it is very long."""
    return text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…"
