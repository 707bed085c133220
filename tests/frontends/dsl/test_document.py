"""docs/dsl.md is true: its programs read, its diagnostics are those shown, its lists are whole."""

import re
from pathlib import Path

import pytest

from q_store.frontends.dsl import declaring, from_dsl, gates, lexer, scope
from q_store.frontends.dsl.tables import tables
from q_store.frontends.dsl.values import CONSTANT_FUNCTIONS, angle_functions
from q_store.qir.diagnostics import QStoreError
from q_store.qir.verifier import verify

DOCUMENT = Path(__file__).parents[3] / "docs" / "dsl.md"
TEXT = DOCUMENT.read_text()


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.M)
    assert found
    return found


@pytest.mark.parametrize("text", blocks("qst"))
def test_programs_are_right(text: str) -> None:
    func = from_dsl(text, defines={"layers": 6})
    verify(func)
    assert [value.name for value in func.args] == ["x", "w", "theta"]


@pytest.mark.parametrize("block", blocks("diagnostic"))
def test_diagnostics_are_those_shown(block: str) -> None:
    text, _, shown = block.partition("---\n")
    with pytest.raises(QStoreError) as caught:
        from_dsl(text, file="wrong.qst")
    assert f"{caught.value}\n" == shown


def test_the_grammar_has_every_literal() -> None:
    (grammar,) = blocks("text")
    quoted = set(re.findall(r"'([^' ]+)'", grammar))
    assert quoted - {";"} == set(tables().literals)


def test_functions_and_limits_are_listed() -> None:
    (listed,) = re.findall(r"^`(sin [^`]*)`", TEXT, re.M)
    assert set(listed.split()) == set(angle_functions())
    assert f"`{' '.join(CONSTANT_FUNCTIONS)}`" in TEXT
    limits = TEXT[TEXT.index("**Limits.**") :]
    assert f"{scope.MAX_STEPS:,}".replace(",", " ") + " steps" in limits
    assert f"{declaring.MAX_QUBITS:,}".replace(",", " ") + " qubits" in limits
    assert declaring.MAX_ELEMENTS == 2**20
    assert f"{gates.MAX_CONTROLS} added controls" in limits
    assert f"{lexer.MAX_NESTING} levels" in limits
    assert f"{lexer.MAX_DIGITS} digits" in limits


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (DOCUMENT.parent / target).exists()
