"""Gates from outside the table, written out: what runs circuits needs to know nothing of them."""

from __future__ import annotations

from q_store.passes.analysis import all_ops
from q_store.passes.decompose import Expansion
from q_store.passes.phases import collect_phases
from q_store.qir.func import Func
from q_store.qir.gates.template import Template
from q_store.qir.ops import Gate
from q_store.qir.registry import built_in_gates


def written_out(func: Func) -> Func:
    """The function with registered gates as the gates of the table they are made of, exact; itself
    where it has none."""
    ways = {
        op.defn.mnemonic: op.defn.decompose
        for op in all_ops(func.ops)
        if type(op.defn) is Gate and type(op.defn.decompose) is Template
    }
    if not ways:
        return func
    expansion = Expansion(frozenset(built_in_gates()), dict(ways))
    ops = expansion.block(func.ops)
    return collect_phases(func.replace(ops=ops, results=expansion.resolve(func.results)))
