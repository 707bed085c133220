"""Every registered pass keeps its promises on random circuits over the whole gate table."""

import pkgutil
from collections.abc import Callable
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import q_store.passes
from q_store.passes.base import Pass
from q_store.passes.pipeline import Pipeline
from q_store.passes.registry import PASSES, pass_class, pass_summary
from q_store.qir.func import Func
from q_store.testing.contract import assert_pass_contract
from q_store.testing.equivalence import is_unitary
from q_store.testing.strategies import circuits

EXAMPLES = 100

# Text of each pass to test, where the name alone is not it, and which circuits it takes.
TEXTS = {"fixpoint": "fixpoint(cancel,merge-rotations)"}
UNITARY_ONLY = ("adjoint",)
OBSERVED_ONLY = ("light-cone", "absorb-cliffords")
EXPANDING = ("decompose",)

SUBJECTS = [
    *[TEXTS.get(name, name) for name in PASSES],
    "cancel{look-back=1}",
    "merge-rotations{look-back=0}",
    "decompose{basis=sx-cz}",
    "decompose{basis=rotations-rxx}",
    "O1",
    "default",
]


def subject(text: str) -> Pass:
    return Pipeline.parse(text).passes[0]


def anything(pass_: Pass) -> st.SearchStrategy[Func]:
    """Unitary circuits, and shorter ones with measurements and noise."""
    if pass_.name in UNITARY_ONLY:
        return circuits()
    observed = True if pass_.name in OBSERVED_ONLY else None
    return st.one_of(
        circuits(observed=observed, max_ops=6 if pass_.name in EXPANDING else 16),
        circuits(max_qubits=3, max_ops=8, mid_circuit=True, noise=True, observed=observed),
    )


@pytest.mark.parametrize("text", SUBJECTS)
def test_a_pass_keeps_the_contract(text: str) -> None:
    pass_ = subject(text)

    @settings(max_examples=max(EXAMPLES, settings().max_examples))
    @given(anything(pass_))
    def check(func: Func) -> None:
        assert_pass_contract(pass_, func)

    check()


@pytest.mark.parametrize("name", PASSES)
def test_names_agree_and_passes_are_documented(name: str) -> None:
    cls = pass_class(name)
    assert cls.name == name
    assert PASSES[name].startswith(f"q_store.passes.{name.replace('-', '_')}:")
    assert pass_summary(name).endswith(".")


def test_every_pass_module_is_registered() -> None:
    defined = set()
    for module in pkgutil.iter_modules(q_store.passes.__path__):
        for value in vars(import_module(f"q_store.passes.{module.name}")).values():
            is_pass = isinstance(value, type) and isinstance(getattr(value, "name", None), str)
            if is_pass and isinstance(getattr(value, "run", None), Callable):
                defined.add(value.name)
    assert defined - {"pipeline"} == set(PASSES)


def test_the_strategies_draw_what_they_say() -> None:
    seen: set[bool] = set()

    @settings(max_examples=50, database=None)
    @given(anything(subject("cancel")))
    def look(func: Func) -> None:
        seen.add(is_unitary(func))

    look()
    assert seen == {True, False}
