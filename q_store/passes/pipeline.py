"""Pipelines: text to passes and back.

    pipeline ::= [item (',' item)*]
    item     ::= NAME [options] ['(' pipeline ')'] [options]
    options  ::= '{' (KEY ['=' VALUE (',' VALUE)*])* '}'

Options stand next to each other with spaces between and are typed by the dataclass fields of the
pass. A name may also be that of a named pipeline. `str` gives the canonical text: no spaces, the
options that differ from their defaults, in field order, before the parentheses.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

from q_store.passes.base import Relation
from q_store.passes.options import format_option, read_option
from q_store.passes.pipelines import PIPELINES
from q_store.passes.registry import BODY, is_combinator, pass_class, pass_options
from q_store.qir.diagnostics import Span, did_you_mean, error
from q_store.qir.func import Module
from q_store.qir.location import SourceText

if TYPE_CHECKING:
    from q_store.passes.base import Pass
    from q_store.passes.context import Context


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Passes in order; itself a pass.

    >>> str(Pipeline.parse("canonicalize, fixpoint( cancel, merge-rotations )"))
    'canonicalize,fixpoint(cancel,merge-rotations)'
    """

    name: ClassVar[str] = "pipeline"
    relation: ClassVar[Relation] = "observed"
    idempotent: ClassVar[bool] = False

    passes: tuple[Pass, ...] = ()
    label: str = ""
    """The name of a named pipeline."""

    @staticmethod
    def parse(text: str) -> Pipeline:
        """Read pipeline text. Raises `QS401` for bad grammar, `QS402` for an unknown pass, `QS403`
        for an unknown option and `QS404` for a bad value, with carets."""
        return _Parser(text).whole()

    def run(self, module: Module, ctx: Context) -> Module:
        """Run the passes one after the other. Raises `QS332` for what is no module."""
        if not isinstance(module, Module):
            raise error(
                "QS332",
                f"passes run on a Module, got {type(module).__name__}",
                help="`circuit.to_module()` makes one",
            )
        for pass_ in self.passes:
            module = ctx.apply(pass_, module)
        return module

    def walk(self) -> Iterator[Pass]:
        """Every pass, those inside combinators and named pipelines included, outer ones first."""
        for pass_ in self.passes:
            yield pass_
            inner = pass_ if isinstance(pass_, Pipeline) else getattr(pass_, BODY, None)
            if inner is not None:
                yield from inner.walk()

    def __str__(self) -> str:
        return self.label or ",".join(map(format_pass, self.passes))


def is_group(pass_: Pass) -> bool:
    """Whether it is a combinator, a pipeline or a named pipeline, which only run others."""
    return isinstance(pass_, Pipeline) or hasattr(pass_, BODY)


def format_pass(pass_: Pass) -> str:
    """The text of one pass with its options."""
    if isinstance(pass_, Pipeline):
        return str(pass_)
    options = [
        format_option(option, getattr(pass_, option.field))
        for option in pass_options(type(pass_))
        if getattr(pass_, option.field) != option.default
    ]
    text = pass_.name + (f"{{{' '.join(options)}}}" if options else "")
    body = getattr(pass_, BODY, None)
    return text if body is None else f"{text}({body})"


_TOKEN: Final = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<word>[^\s,(){}="]+)|(?P<punct>[,(){}=]))'
)
_MAX_DEPTH: Final = 50


class _Parser:
    """Recursive descent over one string; `at` is where the next token starts looking."""

    def __init__(self, text: str) -> None:
        self.source = SourceText(text, "<pipeline>")
        self.at = 0
        self.depth = 0

    def span(self, start: int, end: int) -> Span:
        return self.source.span(start, end)

    def peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self.source.text, self.at)

    def next_is(self, *texts: str) -> bool:
        token = self.peek()
        return token is not None and token[0].strip() in texts

    def accept(self, text: str) -> bool:
        token = self.peek()
        if token is None or token["punct"] != text:
            return False
        self.at = token.end()
        return True

    def expected(self, what: str) -> NoReturn:
        rest = self.source.text[self.at :]
        start = self.at + len(rest) - len(rest.lstrip())
        token = self.peek()
        got = repr(token[0].strip()) if token else "the end" if not rest.strip() else repr(rest[0])
        end = token.end() if token else start + 1
        raise error("QS401", f"expected {what}, got {got}", span=self.span(start, end))

    def word(self, what: str) -> tuple[str, Span]:
        token = self.peek()
        if token is None or token["word"] is None:
            self.expected(what)
        self.at = token.end()
        return token["word"], self.span(*token.span("word"))

    def whole(self) -> Pipeline:
        result = self.pipeline()
        if self.source.text[self.at :].strip():
            self.expected("`,` or the end")
        return result

    def pipeline(self) -> Pipeline:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self.expected(f"at most {_MAX_DEPTH} parentheses inside each other")
        passes: list[Pass] = []
        if self.source.text[self.at :].strip() and not self.next_is(")"):
            passes.append(self.item())
            while self.accept(","):
                passes.append(self.item())
        self.depth -= 1
        return Pipeline(tuple(passes))

    def item(self) -> Pass:
        name, span = self.word("the name of a pass")
        if name in PIPELINES:
            return named_pipeline(name)
        cls = pass_class(name, span)
        fields = self.options(cls)
        if is_combinator(cls):
            if not self.accept("("):
                self.expected(f"`(` and the passes of `{name}`")
            fields[BODY] = self.pipeline()
            if not self.accept(")"):
                self.expected("`,` or `)`")
            fields |= self.options(cls)
        self.require(cls, fields, span)
        return cls(**fields)

    def require(self, cls: type[Pass], fields: dict[str, Any], span: Span) -> None:
        for option in pass_options(cls):
            if option.default is dataclasses.MISSING and option.field not in fields:
                raise error("QS404", f"`{cls.name}` needs the option `{option.name}`", span=span)

    def options(self, cls: type[Pass]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if not self.accept("{"):
            return fields
        known = {option.name: option for option in pass_options(cls)}
        while not self.accept("}"):
            key, span = self.word("an option or `}`")
            if key not in known:
                names = ", ".join(f"`{name}`" for name in known) or "no options"
                near = did_you_mean(key, known) or f"it has {names}"
                raise error("QS403", f"`{cls.name}` has no option `{key}`", span=span, help=near)
            if known[key].field in fields:
                raise error("QS403", f"the option `{key}` is given twice", span=span)
            values, span = self.values(span) if self.accept("=") else (["true"], span)
            fields[known[key].field] = read_option(cls.name, known[key], values, span)
        return fields

    def values(self, key: Span) -> tuple[list[str], Span]:
        """The values after `=`, and where they stand."""
        found: list[str] = []
        start = None
        while True:
            token = self.peek()
            if token is None or token["punct"]:
                self.expected("a value")
            self.at = token.end()
            start = token.start(token.lastgroup or 0) if start is None else start
            found.append(token["string"] or token["word"])
            if not self.accept(","):
                return found, self.span(start, token.end())


def named_pipeline(name: str) -> Pipeline:
    """The pipeline of this name; prints as its name. Raises `QS402` for an unknown one."""
    text = PIPELINES.get(name)
    if text is None:
        raise error(
            "QS402",
            f"unknown pipeline `{name}`",
            help=f"named pipelines are {', '.join(PIPELINES)}",
        )
    return Pipeline(_Parser(text).whole().passes, name)
