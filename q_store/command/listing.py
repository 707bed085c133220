"""What exists: `qstorec gates`, `qstorec passes` and `qstorec explain`."""

from __future__ import annotations

import dataclasses
import inspect
from argparse import Namespace
from typing import Any, Final, get_args, get_origin

from q_store.command import exit_codes
from q_store.command.output import Output, table
from q_store.passes.options import format_option
from q_store.passes.pipelines import PIPELINES
from q_store.passes.registry import PASSES, Option, pass_class, pass_options, pass_summary
from q_store.qir.diagnostics import did_you_mean, error
from q_store.qir.error_codes import EXPLANATIONS, explain
from q_store.qir.installed import load_installed
from q_store.qir.ops import Gate, Trait
from q_store.qir.registry import all_gates, gate

# --- gates ------------------------------------------------------------------------------------


def list_gates(args: Namespace, out: Output) -> int:
    """All gates, or the record of one."""
    load_installed()
    rows = [gate(args.name)] if args.name else list(all_gates().values())
    if args.json:
        out.document("qstorec/gates/1", {"gates": [_gate_facts(row) for row in rows]})
    elif args.markdown or args.name:
        out.data(_gate_page(rows) if args.name else _all_gates_page())
    else:
        lines = [(row.name, str(row.wires), ", ".join(row.angle_names), row.doc) for row in rows]
        out.data(table([("gate", "wires", "angles", ""), *lines], "<><"))
    return exit_codes.DONE


def _all_gates_page() -> str:
    from q_store.qir.gates.document import render_markdown

    return render_markdown()


def _gate_page(rows: list[Gate]) -> str:
    """The part of the documentation about one gate."""
    from q_store.qir.gates.document import gate_entry

    return gate_entry(rows[0])


def _gate_facts(row: Gate) -> dict[str, Any]:
    return {
        "name": row.name,
        "doc": row.doc,
        "wires": row.wires,
        "angles": list(row.angle_names),
        "traits": [str(trait.name).lower() for trait in Trait if trait and trait in row.traits],
        "pauli": row.pauli,
        "frequencies": [list(values) for values in row.frequencies],
        "controls": row.controls,
        "base": row.base,
        "primitive": row.decompose is None,
        "aliases": list(row.aliases),
        "names": dict(row.names),
    }


# --- passes -----------------------------------------------------------------------------------


def list_passes(args: Namespace, out: Output) -> int:
    """All passes and named pipelines, or the documentation of one."""
    load_installed()
    if args.name in PIPELINES and not args.json:
        out.data(f"{args.name}\n\n  the pipeline {PIPELINES[args.name]}\n")
        return exit_codes.DONE
    names = [args.name] if args.name else list(PASSES)
    if args.json:
        passes = [_pass_facts(name) for name in names if name not in PIPELINES]
        out.document("qstorec/passes/1", {"passes": passes, "pipelines": PIPELINES})
    elif args.markdown:
        out.data("\n".join(_pass_markdown(name) for name in names))
    elif args.name:
        out.data(_pass_page(args.name))
    else:
        rows = [(name, pass_summary(name)) for name in names]
        rows += [(name, f"the pipeline {text}") for name, text in PIPELINES.items()]
        out.data(table(rows))
    return exit_codes.DONE


def _pass_page(name: str) -> str:
    cls = pass_class(name)
    meaning = _RELATIONS[cls.relation]
    lines = [name, "", *_indented(inspect.getdoc(cls) or ""), "", f"  keeps: {meaning}"]
    options = pass_options(cls)
    if options:
        rows = [("option", "type", "default"), *map(_option_row, options)]
        lines += ["", *_indented(table(rows).rstrip("\n"))]
    return "\n".join(lines) + "\n"


_RELATIONS: Final = {
    "exact": "the operator, global phase included",
    "phase": "the operator up to its global phase",
    "observed": "every observed result",
}


def _pass_markdown(name: str) -> str:
    cls = pass_class(name)
    text = f"### `{name}`\n\n{inspect.getdoc(cls) or ''}\n\nKeeps {_RELATIONS[cls.relation]}.\n"
    rows = [f"| `{n}` | {t} | {d} |" for n, t, d in map(_option_row, pass_options(cls))]
    if rows:
        text += "\n| option | type | default |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    return text


def _option_row(option: Option) -> tuple[str, str, str]:
    default = option.default
    if default is dataclasses.MISSING:
        text = "must be given"
    else:
        # As pipelines spell it: `look-back=32`, or the name alone for a true flag.
        text = format_option(option, default).partition("=")[2] or str(default).lower()
    return option.name, _type_name(option.type), text


def _type_name(kind: Any) -> str:
    if get_origin(kind) is tuple:
        return f"{_type_name(get_args(kind)[0])},…"
    if isinstance(kind, type):
        return kind.__name__
    return " or ".join(map(str, get_args(kind)))


def _pass_facts(name: str) -> dict[str, Any]:
    cls = pass_class(name)
    return {
        "name": name,
        "doc": inspect.getdoc(cls) or "",
        "keeps": cls.relation,
        "idempotent": cls.idempotent,
        "options": [
            {"name": option.name, "type": _type_name(option.type), "default": _default(option)}
            for option in pass_options(cls)
        ],
    }


def _default(option: Option) -> Any:
    """The default as JSON has it; null where a value must be given."""
    return None if option.default is dataclasses.MISSING else option.default


def _indented(text: str) -> list[str]:
    return [f"  {line}".rstrip() for line in text.splitlines()]


# --- diagnostic codes -------------------------------------------------------------------------


def explain_code(args: Namespace, out: Output) -> int:
    """The long text about a code, or the list of all codes. Raises `QS708`."""
    code = (args.name or "").upper()
    if code and code not in EXPLANATIONS:
        near = did_you_mean(code, EXPLANATIONS) or "`qstorec explain` lists the codes"
        raise error("QS708", f"unknown diagnostic code `{args.name}`", help=near)
    codes = [code] if code else list(EXPLANATIONS)
    if args.json:
        entries = [{"code": known, **EXPLANATIONS[known]._asdict()} for known in codes]
        out.document("qstorec/explain/1", {"codes": entries})
    elif args.markdown:
        out.data("\n".join(_code_markdown(known) for known in codes))
    elif code:
        out.data(f"{explain(code)}\n")
    else:
        out.data(table([(known, found.title) for known, found in EXPLANATIONS.items()]))
    return exit_codes.DONE


def _code_markdown(code: str) -> str:
    found = EXPLANATIONS[code]
    text = f"### {code}: {found.title}\n\n{found.text}\n"
    for label, example in (("Wrong", found.wrong), ("Right", found.right)):
        text += f"\n{label}:\n\n```\n{example}\n```\n" if example else ""
    return text
