"""Pipelines as text: round trips, options, errors with carets."""

import random
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.frontends.circuit import QuantumCircuit
from q_store.passes.cancel import Cancel
from q_store.passes.fixpoint import Fixpoint
from q_store.passes.manager import run_pipeline
from q_store.passes.options import format_option, read_option
from q_store.passes.pipeline import Pipeline, format_pass, named_pipeline
from q_store.passes.pipelines import PIPELINES
from q_store.passes.registry import PASSES, is_combinator, pass_class, pass_options
from q_store.qir.diagnostics import QStoreError, Span

NAMES = st.one_of(st.sampled_from(sorted(PASSES)), st.sampled_from(sorted(PIPELINES)))
BASIS_NAME = st.text(min_size=1, max_size=8).filter(lambda text: "\x00" not in text)


def options_text(name: str, look_back: int, rounds: int, basis: list[str]) -> str:
    """Options some passes have, in any spelling the grammar allows."""
    if name in ("cancel", "merge-rotations"):
        return f"{{ look-back = {look_back} }}"
    if name == "fixpoint":
        return f"{{max-iterations={rounds}}}"
    if name == "decompose" and basis:
        quoted = ",".join(f'"{entry}"' for entry in basis)
        return f"{{basis={quoted}}}"
    return ""


def pipeline_texts(depth: int = 2) -> st.SearchStrategy[str]:
    def item(name: str, look_back: int, rounds: int, basis: list[str], body: str) -> str:
        if name in PIPELINES:
            return f" {name}"
        options = options_text(name, look_back, rounds, basis)
        return f"{name} {options} ({body})" if name == "fixpoint" else f"{name}{options}"

    body = pipeline_texts(depth - 1) if depth else st.just("cancel")
    word = st.sampled_from(("rx", "cx", "sx-cz", "a b", ""))
    items = st.builds(
        item,
        NAMES,
        st.integers(-5, 99),
        st.integers(0, 99),
        st.lists(word, max_size=3),
        body,
    )
    return st.lists(items, max_size=3).map(" , ".join)


@given(pipeline_texts())
def test_printing_and_reading_is_the_identity(text: str) -> None:
    pipeline = Pipeline.parse(text)
    canonical = str(pipeline)
    assert Pipeline.parse(canonical) == pipeline
    assert str(Pipeline.parse(canonical)) == canonical


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert refusal(text) in (None, "QS401", "QS402", "QS403", "QS404")


@given(st.integers(0, 10_000))
def test_damaged_pipelines_are_read_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    text = list(
        "canonicalize,fixpoint{max-iterations=5}(cancel{look-back=3},O1),decompose{basis=rz,cx}"
    )
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(text))
        text[at : at + rng.randrange(3)] = rng.choice('{}(),= "a')
    assert refusal("".join(text)) in (None, "QS401", "QS402", "QS403", "QS404")


def refusal(text: str) -> str | None:
    """The code of the error that reading raises; it always has a place."""
    try:
        Pipeline.parse(text)
    except QStoreError as problem:
        return problem.code if problem.diagnostics[0].span else "without a place"
    return None


def test_canonical_text() -> None:
    text = (
        "canonicalize , fixpoint ( cancel{look-back=32},merge-rotations {look-back=4} )"
        "{max-iterations=5}"
    )
    assert str(Pipeline.parse(text)) == (
        "canonicalize,fixpoint{max-iterations=5}(cancel,merge-rotations{look-back=4})"
    )


def test_parsed_passes_are_equal_values() -> None:
    (fixpoint,) = Pipeline.parse("fixpoint(cancel{look-back=7})").passes
    assert fixpoint == Fixpoint(Pipeline((Cancel(look_back=7),)))
    assert fixpoint in {fixpoint}


@pytest.mark.parametrize("name", PIPELINES)
def test_named_pipelines_are_their_text(name: str) -> None:
    pipeline = named_pipeline(name)
    assert str(pipeline) == name
    assert ",".join(map(format_pass, pipeline.passes)) == PIPELINES[name]
    assert str(Pipeline.parse(f"{name},cost")) == f"{name},cost"


def test_walk_reaches_everything() -> None:
    names = [pass_.name for pass_ in Pipeline.parse("O1,fixpoint(cost)").walk()]
    inside = ["canonicalize", "fixpoint", "cancel", "merge-rotations"]
    assert names == ["pipeline", *inside, "fixpoint", "cost"]


@pytest.mark.parametrize("name", PASSES)
def test_every_pass_prints_with_its_defaults_as_its_name(name: str) -> None:
    cls = pass_class(name)
    pass_ = cls(Pipeline()) if is_combinator(cls) else cls()
    assert format_pass(pass_) == (f"{name}()" if is_combinator(cls) else name)


ERRORS = [
    ("cancle", "QS402", "^^^^^^", "did you mean `cancel`"),
    ("O9", "QS402", "^^", "`qstorec passes` lists the passes"),
    ("xyzzy", "QS402", "^^^^^", "`qstorec passes` lists the passes"),
    ("cancel{lookback=3}", "QS403", "^^^^^^^^", "did you mean `look-back`"),
    ("verify{fast}", "QS403", "^^^^", "it has no options"),
    ("cancel{look-back=1 look-back=2}", "QS403", "^^^^^^^^^", "given twice"),
    ("cancel{look-back=far}", "QS404", "^^^", "needs a whole number, got 'far'"),
    ("cancel{look-back=1,2}", "QS404", "^^^", "needs one value, got 2"),
    ("cancel{look-back}", "QS404", "^^^^^^^^^", "needs a whole number, got 'true'"),
    ('decompose{basis="\\x"}', "QS404", "^^^^", "text that JSON can read"),
    ("cancel merge-rotations", "QS401", "^^^^^^^^^^^^^^^", "expected `,` or the end"),
    ("fixpoint", "QS401", "^", "expected `(`"),
    ("fixpoint(cancel", "QS401", "^", "got the end"),
    ("cancel{look-back=", "QS401", "^", "expected a value"),
    ("cancel,,cost", "QS401", "^", "expected the name of a pass, got ','"),
    ('cancel,"', "QS401", "^", "expected the name of a pass"),
    ("fixpoint(" * 60, "QS401", "^", "at most 50 parentheses"),
]


@pytest.mark.parametrize(("text", "code", "carets", "words"), ERRORS)
def test_errors_point_at_the_place(text: str, code: str, carets: str, words: str) -> None:
    with pytest.raises(QStoreError) as caught:
        Pipeline.parse(text)
    assert caught.value.code == code
    shown = str(caught.value)
    assert words in shown
    assert carets in shown.splitlines()[4]


def test_unknown_named_pipeline() -> None:
    with pytest.raises(QStoreError, match="named pipelines are O0, O1"):
        named_pipeline("o1")


def test_circuits_are_no_modules() -> None:
    circuit: Any = QuantumCircuit(1).h(0)
    with pytest.raises(QStoreError, match="run on a Module, got QuantumCircuit"):
        run_pipeline("cancel", circuit)


@dataclass(frozen=True)
class Options:
    """All types options can have."""

    name: ClassVar[str] = "options"

    flag: bool = False
    rate: float = 0.5
    mode: Literal["fast", "small"] = "fast"
    words: tuple[str, ...] = ("a",)
    counts: tuple[int, ...] = (1,)


VALUES = st.fixed_dictionaries(
    {
        "flag": st.booleans(),
        "rate": st.floats(allow_nan=False, allow_infinity=False),
        "mode": st.sampled_from(("fast", "small")),
        "words": st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3).map(tuple),
        "counts": st.lists(st.integers(-99, 99), min_size=1, max_size=3).map(tuple),
    }
)
NOWHERE = Span("<pipeline>", 1, 1, 2)


@given(VALUES)
def test_options_of_every_type_read_back(values: dict[str, object]) -> None:
    for option in pass_options(Options):
        text = format_option(option, values[option.field])
        _, equals, right = text.partition("=")
        texts = split_commas(right) if equals else ["true"]
        assert read_option("options", option, texts, NOWHERE) == values[option.field]


def split_commas(text: str) -> list[str]:
    """Split at the commas outside double quotes."""
    parts, quoted, escaped = [""], False, False
    for char in text:
        quoted ^= char == '"' and not escaped
        escaped = char == "\\" and not escaped
        if char == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return parts


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("flag", "yes", "needs true or false"),
        ("rate", "inf", "needs a finite number"),
        ("rate", "x", "needs a finite number"),
        ("mode", "fats", "did you mean `fast`"),
        ("counts", "1.5", "needs a whole number"),
    ],
)
def test_bad_values_say_what_is_needed(field: str, text: str, words: str) -> None:
    option = next(option for option in pass_options(Options) if option.field == field)
    with pytest.raises(QStoreError, match=words):
        read_option("options", option, [text], NOWHERE)
