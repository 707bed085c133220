"""`qstorec cost`: what a program costs on an IonQ machine."""

from __future__ import annotations

from argparse import Namespace
from math import inf
from typing import TYPE_CHECKING, Any, Final

from q_store.command import exit_codes
from q_store.command.output import Output, table
from q_store.command.sources import load_module
from q_store.qir.diagnostics import Diagnostic, counted

if TYPE_CHECKING:
    from q_store.targets.ionq.cost import CostEstimate, OpCost

_SCHEMA: Final = "qstorec/cost/1"


def cost_file(args: Namespace, out: Output) -> int:
    """Compile the first function for the machine, count, and compare with the budget."""
    from q_store.passes.context import Context
    from q_store.passes.light_cone import LightCone
    from q_store.targets.ionq.cost import compile_native, estimate, op_costs
    from q_store.targets.ionq.devices import device
    from q_store.targets.ionq.rates import Rates

    target, rates = device(args.target), Rates.load(args.rates)
    func = load_module(args.file, args).main
    func = compile_native(func, target, args.level, measured=True)
    func = LightCone().on_func(func, Context())
    found = estimate(
        func, target, args.shots, rates=rates, route=args.route, mitigation=args.mitigation
    )
    ops: list[OpCost] = []
    if args.per_op and target.model is not None:
        ops = op_costs(func, target, rates.rate(target.name, found.route))
    price = inf if found.total_cost is None else found.total_cost
    within = args.budget is None or price <= args.budget
    if args.json:
        content = {**_content(found, ops, args, within), "retired": target.retired}
        out.document(_SCHEMA, content)
    else:
        out.data(_text(found, ops, target.retired))
    if within:
        return exit_codes.DONE
    out.diagnostic(_above(found, args.budget))
    return exit_codes.CANNOT


def _content(
    found: CostEstimate, ops: list[OpCost], args: Namespace, within: bool
) -> dict[str, Any]:
    content: dict[str, Any] = {"file": args.file, **found.as_dict(), "budget": args.budget}
    content["within_budget"] = within
    if args.per_op:
        content["ops"] = [
            {name: getattr(op, name) for name in ("gate", "qubits", "seconds", "error", "usd")}
            for op in ops
        ]
    return content


def _text(found: CostEstimate, ops: list[OpCost], retired: bool) -> str:
    rows: list[tuple[str, ...]] = [(found.device, f"{found.shots} shots")]
    rows += [
        ("pulses", str(found.gates_1q)),
        ("entanglers", str(found.gates_2q)),
        ("depth", str(found.optimized_depth)),
        ("entangling depth", str(found.entangling_depth)),
        ("time per shot", _milliseconds(found.shot_seconds)),
        ("time", "unknown" if found.seconds is None else f"{found.seconds:.3g} s"),
        ("success", "unknown" if found.success is None else f"{100 * found.success:.2f} %"),
        ("price per shot", _usd(found.cost_per_shot, 6)),
        (
            "price" if found.route == "none" else f"price by {found.route}",
            _usd(found.total_cost, 2),
        ),
    ]
    rows += [(f"price by {name}", _usd(usd, 2)) for name, usd in found.other_routes.items()]
    text = table(rows, "<>")
    if ops:
        listed: list[tuple[str, ...]] = [("gate", "qubits", "time", "error", "usd")]
        listed += [_op_row(op) for op in ops]
        text += "\n" + table(listed, "<<>>>")
    text += f"prices: {found.source}{f' ({found.date})' if found.date else ''}\n"
    return text + f"{found.device} is retired; its noise model remains\n" * retired


def _op_row(op: OpCost) -> tuple[str, ...]:
    wires = ",".join(map(str, op.qubits))
    wrong = "unknown" if op.error is None else f"{op.error:.2e}"
    return (op.gate, wires, _milliseconds(op.seconds), wrong, f"{op.usd:.6f}")


def _milliseconds(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds * 1e3:.3f} ms"


def _usd(amount: float | None, digits: int) -> str:
    return "unknown" if amount is None else f"${amount:.{digits}f}"


def _above(found: CostEstimate, budget: float) -> Diagnostic:
    if found.total_cost is None:
        return Diagnostic(
            "QS424",
            f"no price is known for `{found.device}`",
            help="give its rates in a file: --rates FILE",
        )
    form = (
        f"the cheapest form found has {counted(found.gates_2q, 'entangler')} "
        f"and {counted(found.gates_1q, 'pulse')}"
    )
    return Diagnostic(
        "QS422",
        f"{_usd(found.total_cost, 2)} by {found.route} is above the budget of {_usd(budget, 2)}",
        notes=(form,),
        help=_advice(found, budget),
    )


def _advice(found: CostEstimate, budget: float) -> str:
    """Another route within the budget, or what the price comes from."""
    for name, usd in found.other_routes.items():
        if usd is not None and usd <= budget:
            return f"--route {name} costs {_usd(usd, 2)}"
    gates = (found.cost_per_shot or 0.0) * found.shots
    if (found.total_cost or 0.0) > gates + 1.0:
        return f"the gates cost {_usd(gates, 2)}; this is the least a program costs by this route"
    return "use fewer shots"
