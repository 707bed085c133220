"""JSON Schema (draft 2020-12) of what q-store writes, for any validator."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from q_store.targets.ionq.json.job import Api


def job_schema(api: Api = "v0.4") -> dict[str, Any]:
    """The schema of a job body of this version of the service."""
    folder = files("q_store.targets.ionq.json").joinpath("schemas")
    schema: dict[str, Any] = json.loads(folder.joinpath(f"job-{api}.json").read_text("utf-8"))
    return schema
