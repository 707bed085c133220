"""Names of other libraries made into names that symbols and bits may have."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Final

_UNFIT: Final = re.compile(r"\W+")


class Names:
    """One distinct identifier per key."""

    def __init__(self) -> None:
        self._given: dict[Hashable, str] = {}
        self._taken: set[str] = set()

    def of(self, key: Hashable, wish: str) -> str:
        """The name of this key: `wish`, with unfit characters replaced and a number added where
        another key has the name already."""
        if key not in self._given:
            self._given[key] = self._free(_fit(wish))
        return self._given[key]

    def _free(self, name: str) -> str:
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found


def _fit(wish: str) -> str:
    name = _UNFIT.sub("_", wish).strip("_") or "p"
    return f"p_{name}" if name[0].isdigit() else name
