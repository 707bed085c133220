"""Sessions with `qstorec`: every `$` line of `golden/*.txt` is run and must answer as it stands.

Standard error is marked with `! `, an exit code that is not 0 is written in brackets.
`QSTORE_BLESS=1 pytest tests/cli/test_transcripts.py` writes the answers again; read the diff.
"""

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

SESSIONS = sorted((Path(__file__).parent / "golden").glob("*.txt"))


def answer(line: str, qstorec: Callable) -> str:
    done = qstorec(*shlex.split(line.removeprefix("$ qstorec ")))
    text = done.out if not done.out or done.out.endswith("\n") else f"{done.out}(no newline)\n"
    text += "".join(f"! {part}\n".replace("!  \n", "!\n") for part in done.err.splitlines())
    return text.replace("\x1b", "␛") + (f"[{done.code}]\n" if done.code else "")


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_session(path: Path, qstorec: Callable) -> None:
    expected = path.read_text()
    commands = [line for line in expected.splitlines() if line.startswith(("$ ", "# "))]
    said = ""
    for line in commands:
        said += f"{line}\n"
        if line.startswith("$ "):
            said += answer(line, qstorec) + "\n"
    if os.environ.get("QSTORE_BLESS"):
        path.write_text(said)
        expected = said
    assert said == expected
