"""Noise models: which channels follow which gates, and how reading errs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

from q_store.qir import dialects
from q_store.qir.channels import READOUT, kraus_numbers
from q_store.qir.diagnostics import QStoreError, did_you_mean, error
from q_store.qir.gates.template import Template
from q_store.qir.registry import gate

Fault = tuple[str, tuple[float, ...]]
"""A channel by mnemonic, and its probabilities."""

_CHANNELS: Final = {row.mnemonic: row for row in (*dialects.NOISE, *dialects.KRAUS)}


@dataclass(frozen=True)
class NoiseModel:
    """Channels after gates, and errors of reading.

    A channel on one wire acts on every wire of its gate. Channels are given as `("depolarizing",
    0.01)` or `("pauli", px, py, pz)`, the names being those of the noise table (docs/ir.md), any
    others as `("kraus", operators)` and `("kraus2", operators)` with complex matrices.

    Args:
        one_qubit: After every gate on one wire.
        two_qubit: After every gate on two wires. Wider gates are written out first.
        gates: By name of the gate, instead of the above; an empty list for gates without errors,
            such as rotations about Z that a machine keeps in its books only.
        readout: Probabilities to read 0 as 1, and 1 as 0, or one number for both.
        name: For people.

    Raises:
        QStoreError: `QS611` for what is no such model.
    """

    one_qubit: tuple[Fault, ...] = ()
    two_qubit: tuple[Fault, ...] = ()
    gates: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)
    readout: tuple[float, float] = (0.0, 0.0)
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "one_qubit", _faults("one_qubit", self.one_qubit, 1))
        object.__setattr__(self, "two_qubit", _faults("two_qubit", self.two_qubit, 2))
        own = {
            _gate(name): _faults(f"gates[{name!r}]", given, 2) for name, given in self.gates.items()
        }
        object.__setattr__(self, "gates", own)
        object.__setattr__(self, "readout", _readout(self.readout))

    @classmethod
    def depolarizing(
        cls, p1: float, p2: float, *, readout: float | Sequence[float] = 0.0, name: str = ""
    ) -> NoiseModel:
        """Any error with probability p1 after gates on one wire and p2 after gates on two, all
        Pauli words alike."""
        pair: Any = readout
        return cls(
            one_qubit=(("depolarizing", (p1,)),),
            two_qubit=(("depolarizing2", (p2,)),),
            readout=pair,
            name=name,
        )

    @classmethod
    def of(cls, model: str | NoiseModel | Mapping[str, Any]) -> NoiseModel:
        """The model of a name, of a `to_dict`, or itself. Raises `QS610` and `QS611`."""
        if isinstance(model, NoiseModel):
            return model
        if isinstance(model, str):
            known = published()
            if model not in known:
                near = did_you_mean(model, known) or f"there are {', '.join(known)}"
                raise error("QS610", f"unknown noise model {model!r}", help=near)
            return known[model]
        if isinstance(model, Mapping):
            for key in model:
                if key not in cls.__dataclass_fields__:
                    raise _unusable("a noise model", "made of the arguments of NoiseModel", key)
            return cls(**model)
        raise _unusable("noise", "the name of a model or a NoiseModel", model)

    def to_dict(self) -> dict[str, Any]:
        """Numbers, texts and lists only; `of` makes the model again."""
        base = NoiseModel()
        return {k: v for k, v in asdict(self).items() if v != getattr(base, k)}

    def after(self, mnemonic: str, wires: int) -> tuple[Fault, ...]:
        """The channels after a gate."""
        usual = {1: self.one_qubit, 2: self.two_qubit}.get(wires, ())
        return self.gates.get(mnemonic, () if mnemonic == "id" else usual)


@cache
def published() -> dict[str, NoiseModel]:
    """The models of `models.toml` by name."""
    import tomllib

    text = files("q_store.runtime.noise").joinpath("models.toml").read_text("utf-8")
    return {
        name: NoiseModel.depolarizing(0.75 * table["r1"], 15 / 16 * table["r2"], name=name)
        for name, table in tomllib.loads(text).items()
    }


def _gate(name: Any) -> str:
    """The mnemonic of a gate by any of its names."""
    try:
        row = gate(str(name))
    except QStoreError as unknown:
        text = f"gates must have names of gates as keys, got {name!r}"
        raise error("QS611", text, help=unknown.diagnostics[0].help) from None
    if isinstance(row.decompose, Template):
        made = ", ".join(dict.fromkeys(step for step, _, _ in row.decompose.steps))
        text = f"`{row.mnemonic}` is a registered gate: noise acts on the gates it is made of"
        raise error("QS611", text, help=f"these are {made}")
    return row.mnemonic


def _faults(part: str, given: Any, wires: int) -> tuple[Fault, ...]:
    wanted = "a list of channels such as ('depolarizing', 0.01)"
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise _unusable(part, wanted, given)
    return tuple([_fault(part, item, wires) for item in given])


def _fault(part: str, item: Any, wires: int) -> Fault:
    if isinstance(item, str) or not isinstance(item, Sequence) or len(item) < 2:
        raise _unusable(part, "a list of channels such as ('depolarizing', 0.01)", item)
    name, *numbers = item
    row = _CHANNELS.get(str(name).removeprefix("n."))
    if row is None:
        raise error(
            "QS611",
            f"{part} must be made of channels of the noise table, got {name!r}",
            help=did_you_mean(str(name), _CHANNELS),
        )
    if row.wires is None or row.wires > wires:
        raise _unusable(part, f"made of channels of at most {wires} wires", row.mnemonic)
    return row.mnemonic, _numbers(part, row, numbers, item)


def _numbers(
    part: str, row: dialects.Channel, given: Sequence[Any], item: object
) -> tuple[float, ...]:
    """The numbers of a channel, listed or as one sequence or array."""
    listed = isinstance(row, dialects.Listed)
    try:
        array = np.array(given[0] if len(given) == 1 else given)
    except ValueError:
        array = np.array(None)
    if array.dtype.kind not in ("iufc" if listed and array.ndim == 3 else "iuf"):
        raise _unusable(part, "made of channels with numbers", item)
    numbers = (
        kraus_numbers(array) if array.ndim == 3 else tuple(array.astype(float).ravel().tolist())
    )
    if len(numbers) != len(row.angle_names) and not listed:
        raise _unusable(part, f"`{row.mnemonic}` with {', '.join(row.angle_names)}", item)
    flaw = row.flaw(numbers, row.wires or 0)
    if flaw:
        raise error("QS611", f"{part}: `{row.mnemonic}` {flaw}")
    return numbers


def _readout(given: Any) -> tuple[float, float]:
    numbers = list(given) if isinstance(given, Sequence) else [given, given]
    if isinstance(given, str) or len(numbers) != 2:
        raise _unusable("readout", "one probability, or two (0 read as 1, 1 read as 0)", given)
    real = all(isinstance(x, int | float) and not isinstance(x, bool) for x in numbers)
    if not real or READOUT.flaw(numbers, 1):
        raise _unusable("readout", "made of probabilities", numbers)
    return float(numbers[0]), float(numbers[1])


def _unusable(part: str, wanted: str, got: object) -> QStoreError:
    return error("QS611", f"{part} must be {wanted}, got {got!r}")
