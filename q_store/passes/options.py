"""Options of passes: text to the type of a dataclass field and back.

Types are `bool`, `int`, `float`, `str`, `Literal[...]` of strings, and `tuple[T, ...]` of those.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, get_args, get_origin

from q_store.passes.registry import Option
from q_store.qir.diagnostics import Span, did_you_mean, error

_BARE: Final = re.compile(r'[^\s,(){}="]+\Z')
_BOOLS: Final = {"true": True, "false": False}


def read_option(pass_name: str, option: Option, texts: Sequence[str], span: Span) -> Any:
    """The value of an option from the texts between commas. Raises `QS404`."""
    if get_origin(option.type) is tuple:
        item = get_args(option.type)[0]
        return tuple(_read(pass_name, option, item, text, span) for text in texts)
    if len(texts) != 1:
        raise _bad(pass_name, option, f"one value, got {len(texts)}", span)
    return _read(pass_name, option, option.type, texts[0], span)


def _read(pass_name: str, option: Option, kind: Any, text: str, span: Span) -> Any:
    try:
        plain = json.loads(text) if text.startswith('"') else text
    except ValueError:
        raise _bad(pass_name, option, f"text that JSON can read, got {text}", span) from None
    if get_origin(kind) is Literal:
        if plain not in get_args(kind):
            wanted = " or ".join(map(repr, get_args(kind)))
            near = did_you_mean(plain, get_args(kind))
            raise _bad(pass_name, option, f"{wanted}, got {plain!r}", span, near)
        return plain
    reader, what = _READERS[kind]
    value = reader(plain)
    if value is None:
        raise _bad(pass_name, option, f"{what}, got {plain!r}", span)
    return value


def _read_int(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,18}", text, re.ASCII) else None


def _read_float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


_READERS: Final[dict[Any, tuple[Callable[[str], Any], str]]] = {
    bool: (_BOOLS.get, "true or false"),
    int: (_read_int, "a whole number"),
    float: (_read_float, "a finite number"),
    str: (str, "text"),
}


def _bad(pass_name: str, option: Option, wanted: str, span: Span, help: str = "") -> Exception:
    message = f"option `{option.name}` of `{pass_name}` needs {wanted}"
    return error("QS404", message, span=span, help=help)


def format_option(option: Option, value: Any) -> str:
    """`key=value`, readable by `read_option`; a true flag is its name alone."""
    if value is True:
        return option.name
    values = value if isinstance(value, tuple) else (value,)
    return f"{option.name}={','.join(map(_format, values))}"


def _format(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value if _BARE.match(value) else json.dumps(value)
    return repr(value)
