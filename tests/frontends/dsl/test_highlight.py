"""Colours: nothing in a right program is an error, and words mean what they mean."""

from pathlib import Path

import pytest
from pygments import highlight
from pygments.formatters import NullFormatter
from pygments.lexer import Lexer
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Token

from q_store.frontends.dsl import load_dsl
from q_store.frontends.dsl.highlight import QirLexer, QstLexer

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "dsl").glob("*.qst"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_and_their_ir_have_no_errors(path: Path) -> None:
    for lexer, text in ((QstLexer(), path.read_text()), (QirLexer(), f"qir 1\n{load_dsl(path)}")):
        tokens = list(lexer.get_tokens(text))
        assert [value for kind, value in tokens if kind is Error] == []
        assert highlight(text, lexer, NullFormatter()).strip() == text.strip()


def kinds(lexer: Lexer, text: str) -> dict[str, object]:
    return {value: kind for kind, value in lexer.get_tokens(text) if value.strip()}


def test_programs() -> None:
    text = "weight w # note\nctrl @ rx(2.5*sin(w) + pi) q[0]\nmeasure q -> c\nexpect Z0 X[1] as e"
    found = kinds(QstLexer(), text)
    assert found == {
        "weight": Keyword.Declaration,
        "w": Name,
        "# note": Comment.Single,
        "ctrl": Keyword.Pseudo,
        "@": Operator,
        "rx": Name.Builtin,
        "(": Token.Punctuation,
        "2.5": Number.Float,
        "*": Operator,
        "sin": Name.Function,
        ")": Token.Punctuation,
        "+": Operator,
        "pi": Name.Constant,
        "q": Name,
        "[": Token.Punctuation,
        "0": Number.Integer,
        "]": Token.Punctuation,
        "measure": Keyword,
        "->": Operator,
        "c": Name,
        "expect": Keyword,
        "Z0": Name.Class,
        "X": Name.Class,
        "1": Number.Integer,
        "as": Keyword,
        "e": Name,
    }


def test_ir() -> None:
    found = kinds(QirLexer(), "func @f(%x: f64 input) {\n  %q.1 = q.rx(-0.5*%x) %q // note\n}")
    assert found["func"] is Keyword
    assert found["@f"] is Name.Function
    assert found["f64"] is Keyword.Type
    assert found["q.rx"] is Name.Builtin
    assert found["%q.1"] is Name.Variable
    assert found["-0.5"] is Number
    assert found["// note"] is Comment.Single
