"""Codes of gradient methods: 64x and 65x up to 654."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

GRADIENTS: Final[dict[str, Explanation]] = {
    "QS640": Explanation(
        "unusable setting of a gradient method",
        "The message names the setting of `GradientConfig`, what it may be and what came.",
        "GradientConfig(method='parameter_shfit')",
        "GradientConfig(method='parameter_shift')",
    ),
    "QS641": Explanation(
        "setting that a gradient method does not have",
        "Each method has its own settings; others are refused instead of ignored. The help names "
        "the methods that have it.",
        "GradientConfig(method='adjoint', epsilon=0.01)",
        "GradientConfig(method='finite_diff', epsilon=0.01)",
    ),
    "QS642": Explanation(
        "gradient method that cannot be used here",
        "The adjoint method walks back through a simulator's exact state: it needs a backend that "
        "has it, and no shots. Samples have no gradient, and states only that of the backend.",
        "QuantumLayer(circuit_fn, 4, shots=100, gradient='adjoint')",
        "QuantumLayer(circuit_fn, 4, shots=100, gradient='parameter_shift')",
    ),
    "QS643": Explanation(
        "gradient method for circuits of gates alone",
        "The Hadamard test and the natural gradient use the generators of gates in a pure state. "
        "A circuit with noise channels, resets or measurements in the middle has none.",
        "QuantumLayer(noisy_circuit, gradient='hadamard')",
        "QuantumLayer(noisy_circuit, gradient='parameter_shift')",
    ),
    "QS644": Explanation(
        "unusable frequencies",
        "A shift rule is made for the frequencies of an expectation value as a function of one "
        "angle: the distinct positive differences of the generator's eigenvalues.",
        "first_derivative((1.0, 1.0))",
        "first_derivative((0.5, 1.0))",
    ),
    "QS645": Explanation(
        "second derivative or forward mode of an estimate",
        "Estimates (shots, finite differences, SPSA) and natural gradients are differentiated "
        "once, in reverse mode. All else needs an exact method without shots.",
        "torch.autograd.grad(..., create_graph=True) with gradient='spsa'",
        "torch.autograd.grad(..., create_graph=True) with gradient='adjoint'",
    ),
    "QS646": Explanation(
        "unusable argument of q_store.gradients",
        "The message names the argument, what it may be and what came. Inputs are rows, one per "
        "sample; weights are one row, or one per sample.",
        "hessian(layer, torch.rand(4))",
        "hessian(layer, torch.rand(1, 4))",
    ),
    "QS647": Explanation(
        "unusable argument of q_store.optimizers",
        "The message names the argument, what it may be and what came.",
        "rotosolve(lambda t: math.sin(t[0]), [0.1])",
        "rotosolve(lambda t: math.sin(t[0]), [0.1], frequencies=1.0)",
    ),
    "QS648": Explanation(
        "weight without known frequencies",
        "Rotosolve needs to know with which frequencies values move in every weight. In a gate's "
        "angle these follow from the gate; in an expression such as w*w or sin(w) there are none, "
        "and a weight that many gates share with incommensurable factors has too many.",
        "circuit.rx(0, w[0] * w[0])",
        "circuit.rx(0, 2 * w[0])",
    ),
    "QS649": Explanation(
        "a function to minimise that does not give finite real numbers",
        "Minimisers compare values. A vectorized function gives one for each point it is asked.",
        "spsa_minimize(lambda x: x, [0.0, 1.0])",
        "spsa_minimize(lambda x: (x**2).sum(), [0.0, 1.0])",
    ),
}
