"""The parse tables of the grammar: made by Lark once per machine, kept on disk as plain JSON.

Lark reads `grammar.lark` and computes LALR(1) tables, which takes about as long as importing it.
Later processes read the tables without Lark. The file is named after the content of the grammar
and the version of Lark, written beside its place and moved there, and carries a checksum. Where
the directory cannot be used, tables live in memory only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

from q_store.qir.cache_dir import cache_root

GRAMMAR: Final = Path(__file__).with_name("grammar.lark")
_FORMAT: Final = 1

NODE: Final = 0
"""The rule makes a node of the syntax tree."""
LIST: Final = 1
"""The rule leaves its children to the rule around it."""
PASS: Final = 2
"""The rule has one child and leaves it as it is."""


class Rule(NamedTuple):
    """One rule as the parser needs it."""

    origin: str
    size: int
    """Number of symbols on its right side."""
    kind: int
    action: str
    """Name of what makes the node."""
    kept: tuple[tuple[int, bool], ...]
    """Positions that stay in the tree, and whether each is a list to be joined in."""
    plain: bool
    """Whether everything stays as it is."""


class Tables(NamedTuple):
    """What the lexer and the parser run on. Terminals and rules go by the grammar's names."""

    pattern: re.Pattern[str]
    """One token with what may be ignored before it; groups are regular terminals, `WORD` for
    fixed punctuation, `BAD` for a character of no token and `END`."""
    literals: dict[str, str]
    """Terminal of every keyword and every punctuation sign, by its text."""
    actions: list[dict[str, int]]
    """Per state: what to do on a terminal, n >= 0 to go to state n, else to reduce rule -1-n."""
    gotos: list[dict[str, int]]
    """Per state: where to go after a rule, by its origin."""
    rules: list[Rule]
    start: int
    accept: int
    """The state in which a whole text has been read."""


@cache
def tables() -> Tables:
    """The tables of this grammar, from the cache directory or made now."""
    path = _cache_file()
    data = _read(path) if path else None
    if data is None:
        data = _compile()
        if path:
            with suppress(OSError):
                _write(path, data)
    return _from_data(data)


def _cache_file() -> Path | None:
    """Named after everything the tables depend on; nothing where there is no home directory."""
    key = f"{_FORMAT} {_lark_version()} ".encode() + GRAMMAR.read_bytes()
    try:
        return cache_root() / f"grammar-{hashlib.sha256(key).hexdigest()[:16]}.json"
    except RuntimeError:
        return None


def _lark_version() -> str:
    """Read from Lark's source, which is much faster than importing it or its metadata."""
    spec = find_spec("lark")
    if spec is None or spec.origin is None:
        return ""
    found = re.search(r"__version__[^\"\n]*\"([^\"]+)", Path(spec.origin).read_text("utf-8"))
    return found[1] if found else ""


def _read(path: Path) -> dict[str, Any] | None:
    """The content of a whole file, else nothing."""
    try:
        checksum, _, text = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if hashlib.sha256(text).hexdigest().encode() != checksum:
        return None
    data: dict[str, Any] = json.loads(text)
    return data


def _write(path: Path, data: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, sort_keys=True).encode()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
        os.replace(name, path)
    except OSError:
        with suppress(OSError):
            os.unlink(name)
        raise


def _from_data(data: dict[str, Any]) -> Tables:
    return Tables(
        re.compile(data["pattern"]),
        data["literals"],
        data["actions"],
        data["gotos"],
        [_loaded_rule(*rule) for rule in data["rules"]],
        data["start"],
        data["accept"],
    )


def _loaded_rule(
    origin: str, size: int, kind: int, action: str, kept: list[tuple[int, bool]]
) -> Rule:
    plain = [(at, joined) for at, joined in kept] == [(at, False) for at in range(size)]
    return Rule(origin, size, kind, action, tuple([(at, joined) for at, joined in kept]), plain)


def _compile() -> dict[str, Any]:
    """Let Lark compute the tables. Raises its `GrammarError` for a grammar that is not LALR(1)."""
    from lark import Lark

    lark = Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", lexer="basic")
    table = lark.parse_interactive("").parser_state.parse_conf.parse_table
    start, accept = table.start_states["start"], table.end_states["start"]
    numbers = _numbers(table.states, start)
    ordered = sorted(lark.rules, key=lambda rule: (rule.origin.name, rule.order))
    rules = {id(rule): n for n, rule in enumerate(ordered)}
    actions: list[dict[str, int]] = []
    gotos: list[dict[str, int]] = []
    terminals = {"$END", *[terminal.name for terminal in lark.terminals], "ERROR"}
    for state in numbers:
        row = table.states[state]
        entries = {
            name: -1 - rules[id(arg)] if str(action) == "Reduce" else numbers[arg]
            for name, (action, arg) in row.items()
        }
        actions.append({name: to for name, to in entries.items() if name in terminals})
        gotos.append({name: to for name, to in entries.items() if name not in terminals})
    return {
        "pattern": _pattern(lark.terminals, set(lark.ignore_tokens)),
        "literals": {t.pattern.value: t.name for t in lark.terminals if t.pattern.type == "str"},
        "actions": actions,
        "gotos": gotos,
        "rules": [_rule(rule) for rule in ordered],
        "start": numbers[start],
        "accept": numbers[accept],
    }


def _numbers(states: Mapping[Any, Mapping[str, Any]], start: Any) -> dict[Any, int]:
    """States numbered in the order they are reached; Lark's own numbers change from run to run."""
    numbers = {start: 0}
    queue = [start]
    for state in queue:
        for name in sorted(states[state]):
            action, to = states[state][name]
            if str(action) != "Reduce" and to not in numbers:
                numbers[to] = len(numbers)
                queue.append(to)
    return numbers


def _pattern(terminals: Iterable[Any], ignored: set[str]) -> str:
    """Regular terminals in order of priority, then punctuation, the longest first."""
    regular = [t for t in terminals if t.pattern.type == "re" and t.name not in ignored]
    regular.sort(key=lambda t: -t.priority)
    fixed = [t.pattern.value for t in terminals if t.pattern.type == "str"]
    signs = sorted((text for text in fixed if not text.isalpha()), key=lambda text: -len(text))
    blank = "|".join(t.pattern.to_regexp() for t in terminals if t.name in ignored)
    groups = [f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in regular]
    groups.append(f"(?P<WORD>{'|'.join(map(re.escape, signs))})")
    return f"(?:{blank})*+(?:{'|'.join(groups)}|(?P<BAD>(?s:.))|(?P<END>\\Z))"


def _rule(rule: Any) -> tuple[str, int, int, str, list[tuple[int, bool]]]:
    origin = rule.origin.name
    kept = [
        (at, symbol.name.startswith("_"))
        for at, symbol in enumerate(rule.expansion)
        if not (symbol.is_term and symbol.filter_out)
    ]
    kind = NODE
    if origin.startswith("_"):
        kind = LIST
    elif rule.options.expand1 and rule.alias is None and len(rule.expansion) == 1:
        kind = PASS
    return origin, len(rule.expansion), kind, rule.alias or origin, kept
