"""Whatever a client sends, the local IonQ service answers with IonQ's words."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from q_store.runtime.ionq_service.messages import Request
from tests.runtime.ionq_service.local import BELL, Local, batch, job

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["qis", "native", "x", "simulator", "qpu.forte-1", "ideal"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
NATIVE = [
    {"gate": "gpi", "target": 0, "phase": 0.1},
    {"gate": "ms", "targets": [0, 1], "phases": [0.1, 0.2], "angle": 0.1},
    {"gate": "zz", "targets": [0, 1], "angle": 0.1},
]
ROTATED = [
    {"gate": "rx", "target": 0, "rotation": 0.3, "controls": [1, 2]},
    {"gate": "pauliexp", "targets": [0, 1], "terms": ["XX"], "coefficients": [1.0], "time": 0.3},
    {"gate": "xx", "targets": [0, 1], "rotation": 0.2},
]
FULL = {
    "name": "n",
    "shots": 10,
    "metadata": {"a": "b"},
    "settings": {"error_mitigation": {"debiasing": False}, "compilation": {"opt": 1}},
    "noise": {"model": "aria-1", "seed": 3},
    "dry_run": False,
}
BODIES = [
    job(**FULL),
    job(NATIVE, gateset="native", qubits=2),
    job(ROTATED, qubits=4),
    batch([BELL, ROTATED], **FULL),
    {"type": "ionq.qasm3.v1", "backend": "simulator", "input": {"data": "OPENQASM 3; qubit q;"}},
    {"backend": "qpu.forte-1", "settings": {"job_count_limit": 3, "cost_limit": {"value": 3}}},
    {"target": "simulator", "input": {"gateset": "qis", "circuit": BELL}, "shots": "5"}
    | {"error_mitigation": {"debias": False}, "registers": {"meas_mapped": [0, 1]}},
    {"ids": ["a", "b"]},
]
PATHS = (
    *("/v0.4/jobs", "/v0.3/jobs", "/v0.4/sessions", "/v0.4/jobs/status/cancel"),
    *(
        "/v0.4/jobs/none/clone",
        "/v0.4/jobs/estimate",
        "/v0.4/backends/qpu.forte-1/characterizations",
    ),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a document with each of its keys."""
    found: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in list(items):
        found.append((value, key))
        if isinstance(part, dict | list):
            found += places(part)
    return found


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A body with one or two parts replaced or taken away."""
    body = copy.deepcopy(draw(st.sampled_from(BODIES)))
    for _ in range(draw(st.integers(1, 2))):
        options = places(body)
        if not options:
            break
        where, key = draw(st.sampled_from(options))
        if draw(st.booleans()):
            where[key] = draw(JSON)
        else:
            del where[key]
    return body


@settings(max_examples=150)
@given(
    body=documents() | JSON,
    path=st.sampled_from(PATHS),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
)
def test_every_body_gets_an_answer(body: Any, path: str, method: str) -> None:
    with Local() as local:
        for used in (method, "POST"):
            reply = local.ask(used, path, body)
            assert reply.status in (200, 201, 400, 404, 405)
            assert reply.encoded()
        local.run()
        for shown in local.get("/jobs")["jobs"]:
            assert shown["status"] in ("completed", "failed")
            assert (shown["failure"] or {}).get("code") != "InternalError"
            assert local.ask("GET", f"/v0.3/jobs/{shown['id']}").status == 200


@settings(max_examples=60)
@given(
    text=st.binary(max_size=30),
    path=st.text(max_size=30),
    name=st.sampled_from(
        ["limit", "next", "ids", "status", "shots", "1q_gates", "start", "active"]
    ),
    value=st.text(max_size=12),
)
def test_every_request_gets_an_answer(text: bytes, path: str, name: str, value: str) -> None:
    with Local() as local:
        local.submit(job())
        for where in (f"/{path}", "/v0.4/jobs", "/v0.4/jobs/estimate", "/v0.4/sessions"):
            for method in ("GET", "POST"):
                query = {name: [value], "backend": ["qpu.forte-1"]}
                reply = local.service.answer(Request(method, where, query, text, True))
                assert reply.status in (200, 201, 400, 404, 405)
