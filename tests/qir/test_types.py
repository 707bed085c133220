"""Types and values: interning, text, identity."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.qir.types import BIT, C128, F64, QUBIT, Type, f64, parse_type
from q_store.qir.values import Value

kinds = st.sampled_from(["qubit", "f64", "bit", "c128"])
shapes = st.lists(st.integers(0, 10**6), max_size=3).map(tuple)
types = st.builds(Type, kinds, shapes)


@given(kinds, shapes)
def test_equal_types_are_one_object(kind: str, shape: tuple[int, ...]) -> None:
    assert Type(kind, shape) is Type(kind, shape)


@given(types)
def test_text_reads_back_as_the_same_object(type: Type) -> None:
    assert parse_type(type.text) is type
    assert repr(type) == type.text


@given(types)
def test_copies_are_the_same_object(type: Type) -> None:
    assert pickle.loads(pickle.dumps(type)) is type
    assert copy.deepcopy(type) is type


@given(st.text())
def test_any_text_is_a_type_or_not(text: str) -> None:
    found = parse_type(text)
    assert found is None or isinstance(found, Type)


@pytest.mark.parametrize(
    "text",
    ["f64[]", "f64[ 2]", "f64[-1]", "f64 ", "F64", "", "f64[2", "f64[٣]", f"f64[{'9' * 5000}]"],
)
def test_what_is_no_type(text: str) -> None:
    assert parse_type(text) is None


def test_named_types() -> None:
    assert [t.text for t in (QUBIT, F64, BIT, C128, f64(2, 3))] == [
        "qubit",
        "f64",
        "bit",
        "c128",
        "f64[2,3]",
    ]
    assert f64() is F64
    assert QUBIT.linear
    assert not F64.linear
    assert (F64.size, f64(2, 3).size, f64(4, 0).size) == (1, 6, 0)


def test_threads_make_one_object_per_type() -> None:
    def made(_: int) -> list[int]:
        return [id(f64(7001, extent)) for extent in range(2000)]

    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(made, range(8)))
    assert all(row == rows[0] for row in rows)


def test_a_value_is_its_identity() -> None:
    first, second = Value(F64, "x"), Value(F64, "x")
    assert first != second
    assert first.serial < second.serial
    assert len({first, second, first}) == 2
    assert repr(first) == "%x: f64"
    assert repr(Value(QUBIT)) == "%?: qubit"


def test_a_copied_value_is_a_new_one() -> None:
    value = Value(f64(2), "w")
    for twin in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert (twin.type, twin.name) == (value.type, value.name)
        assert twin != value
        assert twin.serial > value.serial
