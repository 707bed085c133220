"""The committed gate documentation is what the table says."""

from pathlib import Path

from q_store.qir.gates import ROWS
from q_store.qir.gates.document import render_markdown

DOCUMENT = Path(__file__).parents[2] / "docs" / "gates.md"


def test_docs_are_fresh():
    assert DOCUMENT.read_text(encoding="utf-8") == render_markdown(), (
        "run `qstorec gates --markdown > docs/gates.md`"
    )


def test_every_gate_has_one_heading():
    headings = [line for line in render_markdown().splitlines() if line.startswith("### ")]
    names = [heading.strip("# `").partition("(")[0] for heading in headings]
    assert names == [row.mnemonic for row in ROWS]
