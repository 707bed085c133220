"""Text to statements: the reference parser's tree, plain gates taken out beforehand."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NoReturn

from q_store.frontends.qasm.limits import MAX_NESTING, MAX_TEXT, too_much
from q_store.frontends.qasm.places import Source
from q_store.frontends.qasm.quick import QuickGate, take_gates
from q_store.qir.diagnostics import Span, error

if TYPE_CHECKING:
    from openqasm3.ast import QASMNode

_VERSION: Final = re.compile(
    r"(?:\s|//[^\n]*\n|/\*.*?\*/)*OPENQASM\s+([0-9]+)(?:\.([0-9]+))?\s*;", re.S
)
_QELIB: Final = re.compile(r'^\s*include\s+"qelib1\.inc"', re.M)
_PLACED: Final = re.compile(r"L(\d+):C(\d+): (.*)", re.S)
_EXPECTED: Final = re.compile(r"expecting (\{[^}]*\}|'[^']*'|\w+)")
_PREFIX: Final = ("-", "~", "!", "**", "not")

_OLD_RESERVED: Final = """
    include gate qreg creg measure reset barrier if pi U CX sin cos tan exp ln sqrt OPENQASM opaque
    true false
"""
_OLD_KEYWORDS: Final = frozenset(_OLD_RESERVED.split())
"""Words with a meaning in OpenQASM 2; every other word is a name there."""

Statement = Any
"""A node of the parser's tree, or a `QuickGate`."""


def source_of(text: str, file: str) -> Source:
    """The text with its version. Raises `QS371` for a version that is not known."""
    if len(text) > MAX_TEXT:
        raise too_much("the program is too long", MAX_TEXT, None)
    match = _VERSION.match(text)
    if match is None:
        return Source(text, file, 2 if _QELIB.search(text) else 3)
    if match[1] not in ("2", "3"):
        raise error(
            "QS371",
            f"OpenQASM {match[1]}.{match[2] or 0} is not known: expected 2.0, 3.0 or 3.1",
            span=Source(text, file).span(match.start(1), match.end()),
        )
    return Source(text, file, int(match[1]))


def read_statements(source: Source) -> list[Statement]:
    """The statements of a program in order. Raises `QS370` with the place of a syntax error."""
    quick, text = take_gates(source.text, source.version)
    source.parsed = text if quick else source.text
    statements: list[Statement] = [*quick, *_parse(source, source.parsed)]
    if quick:
        statements.sort(key=lambda s: s.begin if isinstance(s, QuickGate) else source.begin(s))
    return statements


def _parse(source: Source, text: str) -> list[QASMNode]:
    antlr = _parser_modules()
    try:
        tokens = _tokens(antlr, source, text)
        if len(tokens.tokens) == 1:
            return []
        try:
            tree = _tree(antlr, source, tokens, antlr.fast)
        except antlr.Cancelled:
            tree = _tree(antlr, source, tokens, antlr.full)
        return list(antlr.QASMNodeVisitor().visitProgram(tree).statements)
    except antlr.QASM3ParsingError as problem:
        _fail_placed(source, str(problem))
    except RecursionError as problem:
        raise error("QS373", f"{source.file} is nested too deeply to be read") from problem
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as problem:
        # The tree of a correct program is not built: a number that is too long, say.
        raise error(
            "QS370", f"{source.file} cannot be read: {problem or type(problem).__name__}"
        ) from problem


class _Antlr:
    """What is used of the parser's modules, which have no types."""

    def __init__(self) -> None:
        parser, antlr = import_module("openqasm3.parser"), import_module("antlr4")
        errors = import_module("antlr4.error.Errors")
        self.QASMNodeVisitor: Any = parser.QASMNodeVisitor
        self.QASM3ParsingError: type[Exception] = parser.QASM3ParsingError
        self.Cancelled: type[Exception] = errors.ParseCancellationException
        self.lexer: Any = parser.qasm3Lexer
        self.parser: Any = parser.qasm3Parser
        self.InputStream: Any = antlr.InputStream
        self.TokenStream: Any = antlr.CommonTokenStream
        self.bail: Any = import_module("antlr4.error.ErrorStrategy").BailErrorStrategy
        modes: Any = antlr.PredictionMode
        self.fast, self.full = modes.SLL, modes.LL


_loaded: list[_Antlr] = []


def _parser_modules() -> _Antlr:
    if not _loaded:
        try:
            _loaded.append(_Antlr())
        except ImportError as problem:
            raise error(
                "QS801",
                "reading OpenQASM needs the parser of the package openqasm3",
                help="pip install 'q-store[qasm]'",
            ) from problem
    return _loaded[0]


class _Listener:
    """Turns the first error of lexer or parser into a diagnostic."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def syntaxError(
        self, recognizer: Any, symbol: Any, line: int, column: int, message: str, problem: Any
    ) -> NoReturn:
        start = self.source.offset(line, column)
        length = 1 if symbol is None or symbol.type < 0 else len(symbol.text)
        found = "end of the text" if symbol is not None and symbol.type < 0 else None
        _fail(self.source, start, start + length, message, found)

    def reportAmbiguity(self, *_: Any) -> None:
        """Of no interest."""

    reportAttemptingFullContext = reportContextSensitivity = reportAmbiguity


def _fail(source: Source, start: int, end: int, message: str, found: str | None = None) -> NoReturn:
    shown = found or f"`{source.text[start:end]}`"
    expected = _EXPECTED.search(message)
    wanted = expected[1].strip("{}") if expected else ""
    text = f"unexpected {shown}"
    if wanted and wanted.count(",") < 5:
        text += f": expected {wanted}"
    elif message.startswith("missing"):
        text = f"{message.partition(' at ')[0]} before {shown}"
    raise error("QS370", text, span=source.span(start, max(end, start + 1)))


def _fail_placed(source: Source, text: str) -> NoReturn:
    """An error of the tree builder, which has its place in its message."""
    match = _PLACED.match(text)
    if match is None:
        raise error("QS370", f"{source.file} is not OpenQASM: {text or 'syntax error'}")
    start = source.offset(int(match[1]), int(match[2]))
    raise error("QS370", match[3], span=source.span(start, start + 1))


def _tokens(antlr: _Antlr, source: Source, text: str) -> Any:
    lexer = antlr.lexer(antlr.InputStream(text))
    lexer.removeErrorListeners()
    lexer.addErrorListener(_Listener(source))
    stream = antlr.TokenStream(lexer)
    stream.fill()
    if source.version == 2:
        _adapt(antlr, source, stream.tokens)
    _check_nesting(source, stream.tokens)
    return stream


def _adapt(antlr: _Antlr, source: Source, tokens: list[Any]) -> None:
    """Words that OpenQASM 3 reserves are names in OpenQASM 2, and `^` is a power."""
    for token in tokens:
        text = token.text
        if text == "^":
            token.type, token.text = antlr.lexer.DOUBLE_ASTERISK, "**"
        elif text == "opaque":
            raise error(
                "QS374",
                "an opaque gate has no definition",
                span=_span(source, token),
                help="define it with `gate`, or remove it",
            )
        elif text.isidentifier() and text not in _OLD_KEYWORDS and token.channel == 0:
            token.type = antlr.lexer.Identifier


def _span(source: Source, token: Any) -> Span:
    start = source.offset(token.line, token.column)
    return source.span(start, start + len(token.text))


def _check_nesting(source: Source, tokens: list[Any]) -> None:
    """The parser recurses, once for every bracket and every prefix operator."""
    depth = run = 0
    for token in tokens:
        text = token.text
        depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
        run = run + 1 if text in _PREFIX else 0
        if depth > MAX_NESTING or run > MAX_NESTING:
            message = "brackets or operators are nested too deeply"
            raise too_much(message, MAX_NESTING, _span(source, token))


def _tree(antlr: _Antlr, source: Source, tokens: Any, mode: Any) -> Any:
    """The parse tree; the faster prediction may fail where the full one does not."""
    tokens.seek(0)
    parser = antlr.parser(tokens)
    parser.removeErrorListeners()
    parser._interp.predictionMode = mode
    if mode == antlr.fast:
        parser._errHandler = antlr.bail()
    else:
        parser.addErrorListener(_Listener(source))
    return parser.program()
