"""The verifier as a pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from q_store.passes.base import FuncPass
from q_store.qir.verifier import verify

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Func


@dataclass(frozen=True, slots=True)
class Verify(FuncPass):
    """Checks every function and changes nothing."""

    name: ClassVar[str] = "verify"

    def on_func(self, func: Func, ctx: Context) -> Func:
        """The function itself; raises what `q_store.qir.verifier.verify` raises."""
        verify(func)
        return func
