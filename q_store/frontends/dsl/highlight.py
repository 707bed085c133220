"""Pygments lexers for programs and for IR text, found by Pygments through entry points."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pygments.lexer import RegexLexer, words
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
)

from q_store.frontends.dsl.evaluator import BUILT_IN
from q_store.frontends.dsl.tables import tables
from q_store.frontends.dsl.values import CONSTANT_FUNCTIONS, angle_functions
from q_store.qir.registry import all_gates

_DECLARING: Final = ("circuit", "qubits", "input", "weight", "const", "derived", "gate")
_GATES: Final = sorted({*all_gates(), *[a for row in all_gates().values() for a in row.aliases]})
_KEYWORDS: Final = sorted(text for text in tables().literals if text.isalpha())
_NUMBER: Final = r"(?:\d+\.\d+|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?"


class QstLexer(RegexLexer):
    """Programs of the text language, `.qst`."""

    name = "q-store program"
    url = "https://pypi.org/project/q-store/"
    aliases: ClassVar[list[str]] = ["qst"]
    filenames: ClassVar[list[str]] = ["*.qst"]
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\s+", Text.Whitespace),
            (r"#[^\n]*|//[^\n]*", Comment.Single),
            (words(_DECLARING, prefix=r"\b", suffix=r"\b"), Keyword.Declaration),
            (words(_KEYWORDS, prefix=r"\b", suffix=r"\b"), Keyword),
            (words(("ctrl", "negctrl", "inv", "pow"), suffix=r"(?=[^@\n;]*@)"), Keyword.Pseudo),
            (r"[IXYZ](?:\d+\b|(?=\[))", Name.Class),
            (words((*angle_functions(), *CONSTANT_FUNCTIONS), suffix=r"(?=\()"), Name.Function),
            (words(tuple(BUILT_IN), prefix=r"\b", suffix=r"\b"), Name.Constant),
            (words(_GATES, prefix=r"\b", suffix=r"(?=\s*[(\w])"), Name.Builtin),
            (r"[^\W\d]\w*", Name),
            (_NUMBER, Number.Float),
            (r"\d+", Number.Integer),
            (r"->|\.\.|==|\*\*|[-+*/%=@]", Operator),
            (r"[{}()\[\],;]", Punctuation),
        ]
    }


class QirLexer(RegexLexer):
    """IR text, `.qir`."""

    name = "q-store IR"
    url = "https://pypi.org/project/q-store/"
    aliases: ClassVar[list[str]] = ["qir"]
    filenames: ClassVar[list[str]] = ["*.qir"]
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\s+", Text.Whitespace),
            (r"//[^\n]*", Comment.Single),
            (r"%\w+(?:\.\d+)?", Name.Variable),
            (r"@\w+", Name.Function),
            (
                words(
                    ("qir", "func", "return", "yield", "else", "attrs", "input", "weight"),
                    prefix=r"\b",
                    suffix=r"\b",
                ),
                Keyword,
            ),
            (words(("qubit", "bit", "f64", "c128"), prefix=r"\b", suffix=r"\b"), Keyword.Type),
            (words(("expval", "probs", "sample", "state"), suffix=r"\b"), Keyword.Pseudo),
            (r"[a-z]\.\w+", Name.Builtin),
            (r"[XYZ]\d+|\bI\b", Name.Class),
            (r'"(?:[^"\\\n]|\\.)*"', String),
            (r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", Number),
            (r"-?(?:inf|nan)\b", Number),
            (r"\w+", Name),
            (r"->|[-+*=]", Operator),
            (r"[{}()\[\],:]", Punctuation),
        ]
    }
