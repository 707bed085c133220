"""Codes of gradient methods: 64x and 65x up to 654."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

GRADIENTS: Final[dict[str, Explanation]] = {
    "QS644": Explanation(
        "unusable frequencies",
        "A shift rule is made for the frequencies of an expectation value as a function of one "
        "angle: the distinct positive differences of the generator's eigenvalues.",
        "first_derivative((1.0, 1.0))",
        "first_derivative((0.5, 1.0))",
    ),
}
