"""When two functions are the same: canonical text and its hash."""

from __future__ import annotations

import hashlib

from q_store.qir.func import Func, Module
from q_store.qir.printer import join_funcs, print_func


def canonical_text(module: Module) -> str:
    """IR text that does not depend on the name hints of wires and intermediate values."""
    return join_funcs([print_func(func, canonical=True) for func in module.funcs])


def content_hash(module: Module) -> str:
    """SHA-256 of the canonical text, 64 hexadecimal digits; stable across processes."""
    return hashlib.sha256(canonical_text(module).encode()).hexdigest()


def same_func(left: Func, right: Func) -> bool:
    """Whether two functions do the same ops on the same wires with equal angles."""
    return left is right or print_func(left, canonical=True) == print_func(right, canonical=True)
