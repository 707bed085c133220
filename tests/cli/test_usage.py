"""Wrong usage: exit code 2, usage and the reason on standard error, nothing on standard output."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "a command is needed"),
        ("compile", "required: FILE"),
        ("validate", "required: FILE"),
        ("compile bell.qir --emit pictures", "invalid kind 'pictures'"),
        ("compile bell.qir --emit ir=", "ir= needs the name of a file"),
        ("compile bell.qir -O3", "invalid level '3'"),
        ("compile bell.qir -O1 -p cancel", "not allowed with argument"),
        ("run bell.qir --shots 0", "must be at least 1"),
        ("run bell.qir --seed -1", "'-1' is not a whole number"),
        ("run bell.qir --seed 1e3", "'1e3' is not a whole number"),
        ("run bell.qir --dtype float16", "invalid choice"),
        ("--color sometimes gates", "invalid choice"),
        ("--vers", "unrecognized arguments"),
        ("complie bell.qir", "invalid choice"),
        ("gates --json --markdown", "not allowed with argument"),
    ],
)
def test_wrong_usage(qstorec: Callable, line: str, reason: str) -> None:
    done = qstorec(*line.split())
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("usage: qstorec")
    assert reason in done.err


@pytest.mark.parametrize(
    "command", ["", "compile", "run", "draw", "validate", "gates", "passes", "explain", "doctor"]
)
def test_help(qstorec: Callable, command: str) -> None:
    done = qstorec(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: qstorec {command}".rstrip())
    assert "--color" in done.out


def test_global_flags_stand_on_either_side(qstorec: Callable) -> None:
    before = qstorec("-q", "--message-format", "short", "compile", "wrong.qir")
    after = qstorec("compile", "wrong.qir", "--message-format", "short", "-q")
    assert before == after
    assert before.err.count("\n") == 1
