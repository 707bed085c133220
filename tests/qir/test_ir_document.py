"""docs/ir.md is true: its programs read, its diagnostics are those shown, its table is fresh.

`QSTORE_BLESS=1 pytest tests/qir/test_ir_document.py` writes the table again.
"""

import os
import re
from pathlib import Path

import pytest

from q_store.qir import dialects, parser
from q_store.qir.diagnostics import QStoreError
from q_store.qir.ops import OpDef
from q_store.qir.parser import parse_module
from q_store.qir.printer import print_module

DOCUMENT = Path(__file__).parents[2] / "docs" / "ir.md"
TABLE = re.compile(r"(<!-- ops: [^\n]*-->\n)(.*)(<!-- end of ops -->\n)", re.DOTALL)


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.M)
    assert found
    return found


def row(op: OpDef) -> str:
    angles = f"({', '.join(op.angle_names)})" if op.angle_names else ""
    wires = "any" if op.wires is None else str(op.wires)
    doc = op.doc.replace("|", "\\|")
    return f"| `{op.name}{angles}` | {wires} | {doc} |\n"


def table() -> str:
    return "\n| op | qubits | |\n|---|---|---|\n" + "".join(map(row, dialects.ROWS)) + "\n"


def test_the_table_of_ops_is_fresh() -> None:
    text = DOCUMENT.read_text()
    fresh = TABLE.sub(lambda match: match[1] + table() + match[3], text)
    if os.environ.get("QSTORE_BLESS"):
        DOCUMENT.write_text(fresh)
        text = fresh
    assert text == fresh


@pytest.mark.parametrize("text", blocks("qir"))
def test_programs_are_printed_as_they_stand(text: str) -> None:
    assert print_module(parse_module(text)) == text


@pytest.mark.parametrize("block", blocks("diagnostic"))
def test_diagnostics_are_those_shown(block: str) -> None:
    text, _, shown = block.partition("---\n")
    with pytest.raises(QStoreError) as caught:
        parse_module(text, "wrong.qir")
    assert f"{caught.value}\n" == shown


def test_the_grammar_has_every_word_of_the_parser() -> None:
    (grammar,) = blocks("text")
    source = Path(parser.__file__).read_text()
    words = set(re.findall(r"(?:accept|expect|body|found_text ==)\(\"([a-z]+)\"\)", source))
    assert {"func", "attrs", "else", "return", "yield"} <= words
    assert {word for word in words if f"'{word}'" not in grammar} == set()


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", DOCUMENT.read_text()):
        assert (DOCUMENT.parent / target).exists()
