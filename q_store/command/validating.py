"""`qstorec validate`: read and verify many programs."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any, Final

from q_store.command import exit_codes
from q_store.command.output import Output
from q_store.command.sources import load_module
from q_store.qir.diagnostics import QStoreError, counted

_SCHEMA: Final = "qstorec/validate/1"


def validate_files(args: Namespace, out: Output) -> int:
    """Check every file, say what is wrong with each, and end with a summary."""
    checked: list[dict[str, Any]] = []
    for file in args.files:
        problems = _problems(file, args)
        for found in problems.diagnostics if problems and not args.json else ():
            out.diagnostic(found)
        listed = [json.loads(d.to_json()) for d in problems.diagnostics] if problems else []
        checked.append({"file": file, "valid": problems is None, "diagnostics": listed})
    wrong = sum(not entry["valid"] for entry in checked)
    if args.json:
        out.document(_SCHEMA, {"files": checked})
    else:
        out.talk(f"{counted(len(checked), 'file')} checked, {wrong or 'none'} with problems")
    return exit_codes.WRONG_INPUT if wrong else exit_codes.DONE


def _problems(file: str, args: Namespace) -> QStoreError | None:
    try:
        load_module(file, args)
    except QStoreError as problem:
        return problem
    return None
