"""The entry points that the table of backends names."""

from __future__ import annotations

from typing import Any

from q_store.runtime.backends.placement import Placement
from q_store.runtime.config import settings
from q_store.targets.executable import Executable


def load(executable: Executable, dtype: Any, placement: Placement) -> Any:
    """A `Program` on one of IonQ's machines."""
    from q_store.runtime.ionq_backend.program import IonqProgram

    return IonqProgram(executable, dtype, placement)


def no_key() -> str:
    """Why IonQ's service cannot be asked, or an empty text."""
    if settings().ionq_api_key:
        return ""
    return "there is no key of IonQ's service (q_store.configure(ionq_api_key=…) or IONQ_API_KEY)"
