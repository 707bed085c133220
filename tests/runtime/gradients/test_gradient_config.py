"""`GradientConfig`: the specification's snippet, its options, and what it refuses."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

import q_store
from q_store.qir.diagnostics import QStoreError
from q_store.runtime.gradient_config import OPTIONS, GradientConfig


def test_the_snippet_of_the_specification() -> None:
    from q_store import GradientConfig

    # Parameter-shift rule (exact gradients)
    config = GradientConfig(method="parameter_shift")

    # Finite differences (fast approximation)
    config = GradientConfig(method="finite_diff", epsilon=0.01)
    assert config.epsilon == 0.01

    # SPSA (high-dimensional optimization)
    config = GradientConfig(method="spsa", samples=100)
    assert config.samples == 100

    # Adjoint method (efficient for simulators)
    config = GradientConfig(method="adjoint")
    assert config.method == "adjoint"


def test_it_is_public_and_documented() -> None:
    assert q_store.GradientConfig is GradientConfig
    page = (Path(__file__).parents[3] / "docs" / "gradients.md").read_text()
    assert set(OPTIONS) <= set(re.findall(r"`(\w+)`", page))


@pytest.mark.parametrize(
    "given",
    [
        "auto",
        "natural",
        {"method": "finite_diff", "epsilon": 1, "scheme": "forward"},
        GradientConfig("spsa", samples=3, epsilon=0.5),
        GradientConfig("natural", metric="full", regularization=0),
    ],
    ids=str,
)
def test_it_travels(given: object) -> None:
    config = GradientConfig.of(given)
    assert GradientConfig.of(config.plain) == config
    assert GradientConfig.parse(config.text) == config
    assert pickle.loads(pickle.dumps(config)) == config
    assert GradientConfig.of(config) is config
    assert hash(config) == hash(GradientConfig.of(config.to_dict()))


def test_the_plain_form_of_a_method_is_its_name() -> None:
    assert GradientConfig("adjoint").plain == "adjoint"
    assert GradientConfig("spsa", samples=2).plain == {"method": "spsa", "samples": 2}


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"method": "parameter_shfit"}, "QS640", "did you mean `parameter_shift`"),
        ({"method": None}, "QS640", "method must be one of 'auto'"),
        ({"method": "adjoint", "epsilon": 0.1}, "QS641", "methods that have it: finite_diff, spsa"),
        ({"method": "finite_diff", "samples": 3}, "QS641", "no option 'samples'"),
        ({"method": "spsa", "metric": "full"}, "QS641", "methods that have it: natural"),
        ({"epsilon": 0.1}, "QS641", "'auto' has no option 'epsilon'"),
        ({"method": "spsa", "samples": 0}, "QS640", "samples must be an integer of at least 1"),
        ({"method": "spsa", "samples": 2.0}, "QS640", "got 2.0"),
        ({"method": "spsa", "samples": True}, "QS640", "got True"),
        ({"method": "spsa", "epsilon": 0}, "QS640", "epsilon must be a positive number"),
        ({"method": "finite_diff", "epsilon": "1e-3"}, "QS640", "got '1e-3'"),
        ({"method": "finite_diff", "epsilon": float("nan")}, "QS640", "got nan"),
        ({"method": "finite_diff", "scheme": "centre"}, "QS640", "did you mean `central`"),
        ({"method": "natural", "metric": "fisher"}, "QS640", "metric must be one of"),
        ({"method": "natural", "regularization": -1}, "QS640", "a number from 0 up"),
    ],
)
def test_refusals(options: dict[str, object], code: str, words: str) -> None:
    with pytest.raises(QStoreError) as problem:
        GradientConfig(**options)
    assert problem.value.code == code
    assert words in str(problem.value)


def test_other_kinds_of_gradient() -> None:
    with pytest.raises(QStoreError, match="a method or a GradientConfig, got 3"):
        GradientConfig.of(3)
    with pytest.raises(QStoreError, match=r"no option 'epsilom'(.|\n)*`epsilon`"):
        GradientConfig.of({"method": "spsa", "epsilom": 0.1})
