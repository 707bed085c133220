"""What is said at length about one diagnostic code."""

from __future__ import annotations

from typing import NamedTuple


class Explanation(NamedTuple):
    """A title, a paragraph, and an example of wrong and right where that helps."""

    title: str
    text: str
    wrong: str = ""
    right: str = ""
