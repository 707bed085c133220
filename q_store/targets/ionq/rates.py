"""Prices: read from `rates.toml`, overridden by users' files or by the service's rate card."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, get_args

from q_store.qir.diagnostics import did_you_mean, error

Rule = Literal["gate-shots", "task-shots", "seconds", "free"]
FORMAT: Final = 1
VARIABLE: Final = "QSTORE_IONQ_RATES"

_NUMBERS: Final = (
    "usd_1q",
    "usd_2q",
    "minimum",
    "minimum_mitigated",
    "usd_task",
    "usd_shot",
    "usd_second",
    "shots_mitigated",
)
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "gate-shots": ("usd_1q", "usd_2q"),
    "task-shots": ("usd_task", "usd_shot"),
    "seconds": ("usd_second",),
    "free": (),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """What one route charges for one machine, in US dollars."""

    route: str
    device: str
    rule: Rule
    usd_1q: float = 0.0
    """Per one-qubit gate and shot."""
    usd_2q: float = 0.0
    minimum: float = 0.0
    """Least price of a program without error mitigation."""
    minimum_mitigated: float = 0.0
    usd_task: float = 0.0
    usd_shot: float = 0.0
    usd_second: float = 0.0
    shots_mitigated: float = 0.0
    """Fewest shots with error mitigation; 0 for no rule."""
    source: str = ""
    date: str = ""

    def per_shot(self, gates_1q: int, gates_2q: int, seconds: float | None) -> float | None:
        """The price of one more shot; `None` where it needs a duration that is not known."""
        if self.rule == "seconds":
            return None if seconds is None else self.usd_second * seconds
        return self.usd_shot + self.usd_1q * gates_1q + self.usd_2q * gates_2q

    def total(
        self, gates_1q: int, gates_2q: int, seconds: float | None, shots: int, mitigation: bool
    ) -> float | None:
        """The price of a program: at least the minimum, and a task's fee. `None` where it needs a
        duration that is not known, or more shots for error mitigation."""
        each = self.per_shot(gates_1q, gates_2q, seconds)
        if each is None or (mitigation and shots < self.shots_mitigated):
            return None
        least = self.minimum_mitigated if mitigation else self.minimum
        # Sums of decimal prices, without the last binary digits.
        return round(max(self.usd_task + each * shots, least), 9)


class Rates:
    """All known rates by route and machine."""

    def __init__(self, rates: Mapping[tuple[str, str], Rate]) -> None:
        self._rates = dict(rates)

    @staticmethod
    def load(path: str | os.PathLike[str] | None = None) -> Rates:
        """The rates of the package, with the entries of a file in place of theirs.

        Without a path, the file named by QSTORE_IONQ_RATES, if any. Raises `QS421` for a file that
        cannot be read or is no table of rates.
        """
        text = files("q_store.targets.ionq").joinpath("rates.toml").read_text("utf-8")
        known = _read(text, "rates.toml")
        own = path or os.environ.get(VARIABLE)
        if own:
            try:
                known |= _read(Path(own).read_text("utf-8"), str(own))
            except (OSError, UnicodeDecodeError) as problem:
                raise error("QS421", f"cannot read the rates in {own}: {problem}") from None
        return Rates(known)

    def with_rate(self, rate: Rate) -> Rates:
        """The same with one entry added or replaced."""
        return Rates({**self._rates, (rate.route, rate.device): rate})

    def routes(self, device: str) -> tuple[Rate, ...]:
        """The rates of a machine, one per route."""
        return tuple([rate for rate in self._rates.values() if rate.device == device])

    def rate(self, device: str, route: str = "auto") -> Rate:
        """The rate of one route; `auto` takes IonQ's own where it is known, else one that charges
        by gates. Raises `QS424` where there is none."""
        found = self.routes(device)
        if route == "auto":
            if not found:
                raise error(
                    "QS424",
                    f"no price is known for `{device}`",
                    help="give its rates in a file: --rates FILE, or `rates`",
                )
            return min(found, key=_preference)
        for rate in found:
            if rate.route == route:
                return rate
        names = [rate.route for rate in found]
        raise error(
            "QS424",
            f"no price is known for `{device}` by the route `{route}`",
            help=did_you_mean(route, names) or f"known routes: {', '.join(names) or 'none'}",
        )


def _preference(rate: Rate) -> tuple[bool, bool]:
    return (rate.route != "ionq", rate.rule not in ("gate-shots", "free"))


def rate_from_estimate(payload: Mapping[str, Any], device: str) -> Rate:
    """IonQ's own rate from the answer of its `/jobs/estimate`.

    Raises `QS421` for an answer without a rate card that is understood.
    """
    card = payload.get("rate_card")
    rates = card.get("rates") if isinstance(card, Mapping) else None
    for entry in rates if isinstance(rates, list) else ():
        rule: Rule = "gate-shots" if entry.get("unit") == "gates" else "seconds"
        least = _float(entry, "job_cost_minimum")
        return Rate(
            "ionq",
            device,
            rule,
            usd_1q=_float(entry, "cost_1q_gate"),
            usd_2q=_float(entry, "cost_2q_gate"),
            usd_second=_float(entry, "unit_cost") if rule == "seconds" else 0.0,
            minimum=least,
            minimum_mitigated=least,
            source="IonQ's rate card for this account",
            date=str(payload.get("estimated_at", "")),
        )
    raise error("QS421", "the estimate has no rate card")


def _float(entry: Mapping[str, Any], key: str) -> float:
    value = entry.get(key) or 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise error("QS421", f"`{key}` of a rate card must be a number, got {value!r}")
    return float(value)


def _read(text: str, name: str) -> dict[tuple[str, str], Rate]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise error("QS421", f"{name} is not TOML: {problem}") from None
    if table.pop("format", FORMAT) != FORMAT:
        raise error("QS421", f"{name} has another format than {FORMAT}")
    return {
        (route, device): _rate(name, route, device, entry)
        for route, devices in table.items()
        for device, entry in _table(name, route, devices).items()
    }


def _table(name: str, route: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise error("QS421", f"{name}: `{route}` must be a table of machines, got {value!r}")
    return value


def _rate(name: str, route: str, device: str, entry: object) -> Rate:
    fields = _table(name, f"{route}.{device}", entry)
    where = f'{name}: [{route}."{device}"]'
    rule: Any = fields.get("rule")
    if rule not in get_args(Rule):
        raise error("QS421", f"{where} needs a rule of {', '.join(get_args(Rule))}, got {rule!r}")
    known = {*_NUMBERS, "rule", "source", "date"}
    for key in fields.keys() - known:
        near = did_you_mean(key, known)
        raise error("QS421", f"{where} has an unknown entry `{key}`", help=near)
    for key in _NEEDED[str(rule)]:
        if key not in fields:
            raise error("QS421", f"{where} has the rule {rule} and needs `{key}`")
    given: dict[str, Any] = {
        key: _price(where, key, fields[key]) for key in _NUMBERS if key in fields
    }
    given |= {key: str(fields[key]) for key in ("source", "date") if key in fields}
    return Rate(route, device, rule, **given)


def _price(where: str, key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise error("QS421", f"{where}: `{key}` must be a number from 0 up, got {value!r}")
    return float(value)
