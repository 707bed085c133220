"""Plans of recently used executables, by content: identical circuits are planned once."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import Any, Final

from q_store.runtime.batched.plan import Plan, build
from q_store.targets.executable import Executable

_CAPACITY: Final = 256

_lock = threading.Lock()
_plans: OrderedDict[tuple[Any, ...], Plan] = OrderedDict()


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def get_plan(executable: Executable, kind: int, per_sample: bool, qubits: tuple[int, ...]) -> Plan:
    """The plan for one kind of output, from the cache or built now."""
    key = (executable.key, kind, per_sample, qubits)
    with _lock:
        plan = _plans.get(key)
        if plan is not None:
            _plans.move_to_end(key)
            return plan
    plan = build(executable, kind, per_sample, qubits)
    with _lock:
        _plans[key] = plan
        while len(_plans) > _CAPACITY:
            _plans.popitem(last=False)
    return plan
