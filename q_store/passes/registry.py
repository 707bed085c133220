"""Every pass by name. A pass is imported when a pipeline first names it."""

from __future__ import annotations

import dataclasses
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_type_hints

from q_store.qir.diagnostics import Span, did_you_mean, error
from q_store.qir.installed import load_installed

if TYPE_CHECKING:
    from q_store.passes.base import Pass

PASSES: Final[dict[str, str]] = {
    "absorb-cliffords": "q_store.passes.absorb_cliffords:AbsorbCliffords",
    "adjoint": "q_store.passes.adjoint:Adjoint",
    "cancel": "q_store.passes.cancel:Cancel",
    "canonicalize": "q_store.passes.canonicalize:Canonicalize",
    "choose-axes": "q_store.passes.choose_axes:ChooseAxes",
    "cost": "q_store.passes.cost:Cost",
    "decompose": "q_store.passes.decompose:Decompose",
    "expand-entanglers": "q_store.passes.expand_entanglers:ExpandEntanglers",
    "fixpoint": "q_store.passes.fixpoint:Fixpoint",
    "fold-angles": "q_store.passes.fold_angles:FoldAngles",
    "fold-conjugations": "q_store.passes.fold_conjugations:FoldConjugations",
    "fresh-wires": "q_store.passes.fresh_wires:FreshWires",
    "ionq-native": "q_store.passes.ionq_native:IonqNative",
    "lift-angles": "q_store.passes.lift_angles:LiftAngles",
    "light-cone": "q_store.passes.light_cone:LightCone",
    "merge-rotations": "q_store.passes.merge_rotations:MergeRotations",
    "order-rotations": "q_store.passes.order_rotations:OrderRotations",
    "phase-track": "q_store.passes.phase_track:PhaseTrack",
    "pulses": "q_store.passes.pulses:Pulses",
    "relabel-swaps": "q_store.passes.relabel_swaps:RelabelSwaps",
    "resynthesize-pairs": "q_store.passes.resynthesize_pairs:ResynthesizePairs",
    "route": "q_store.passes.route:Route",
    "settle-wires": "q_store.passes.settle_wires:SettleWires",
    "share-gadgets": "q_store.passes.share_gadgets:ShareGadgets",
    "verify": "q_store.passes.verify:Verify",
}

BODY: Final = "body"
"""The field of a combinator that holds the pipeline between its parentheses."""


class Option(NamedTuple):
    """One option of a pass, as pipelines spell it."""

    name: str
    """Kebab-case."""
    field: str
    """The dataclass field."""
    type: Any
    default: Any
    """`dataclasses.MISSING` for an option that must be given."""


@cache
def pass_class(name: str, span: Span | None = None) -> type[Pass]:
    """The dataclass of a pass. Raises `QS402` for an unknown name."""
    from q_store.passes.pipelines import PIPELINES

    target = PASSES.get(name)
    if target is None and load_installed():
        target = PASSES.get(name)
    if target is None:
        raise error(
            "QS402",
            f"unknown pass `{name}`",
            span=span,
            help=did_you_mean(name, (*PASSES, *PIPELINES)) or "`qstorec passes` lists the passes",
        )
    module, _, attribute = target.partition(":")
    found: type[Pass] = getattr(import_module(module), attribute)
    return found


@cache
def pass_options(cls: type[Pass]) -> tuple[Option, ...]:
    """The options of a pass in the order of its fields; the body of a combinator is none."""
    hints = get_type_hints(cls)
    return tuple(
        Option(field.name.replace("_", "-"), field.name, hints[field.name], field.default)
        for field in _fields(cls)
        if field.name != BODY
    )


def _fields(cls: type[Any]) -> tuple[dataclasses.Field[Any], ...]:
    """Every pass is a dataclass, which the protocol `Pass` cannot say."""
    return dataclasses.fields(cls)


def is_combinator(cls: type[Pass]) -> bool:
    """Whether the pass takes a pipeline in parentheses."""
    return any(field.name == BODY for field in _fields(cls))


def pass_summary(name: str) -> str:
    """The first paragraph of a pass's documentation, on one line."""
    doc = pass_class(name).__doc__ or ""
    return " ".join(doc.strip().partition("\n\n")[0].split())
