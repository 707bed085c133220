"""Answers that are refusals, as diagnostics with the service's own code and words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from q_store.qir.diagnostics import QStoreError, error

_QUOTA: Final = ("quota", "contractexpired", "billing", "payment")
_BY_STATUS: Final = {401: "QS741", 402: "QS742", 403: "QS741", 429: "QS750"}
_HELP: Final = {
    "QS741": "check the key: give api_key=…, or set IONQ_API_KEY",
    "QS742": "see the account at cloud.ionq.com",
    "QS750": "wait, or send fewer requests at a time",
}
_WORDS: Final = {
    "QS741": "the key was refused",
    "QS742": "the quota is exhausted",
    "QS744": "the service cannot answer",
    "QS750": "too many requests",
}


def refusal(status: int, payload: object, what: str) -> QStoreError:
    """The error of an answer that is no success; `what` says what was asked for.

    The service has had several shapes: `{statusCode, error, message, validation}`,
    `{code, message}` and `{error: {type, message}}`.
    """
    kind, message, notes = _said(payload)
    code = _BY_STATUS.get(status, "QS744" if status >= 500 else "QS743")
    if code in ("QS741", "QS743") and any(w in f"{kind} {message}".lower() for w in _QUOTA):
        code = "QS742"
    head = _WORDS.get(code, "the service refused")
    detail = f"{status} {kind}".strip()
    return error(
        code,
        f"{what}: {head} ({detail})" + (f": {message}" if message else ""),
        notes=notes,
        help=_HELP.get(code, ""),
    )


def _said(payload: object) -> tuple[str, str, list[str]]:
    if not isinstance(payload, Mapping):
        return "", "", []
    inner = payload.get("error")
    if isinstance(inner, Mapping):
        return _text(inner.get("type") or inner.get("code")), _text(inner.get("message")), []
    kind = _text(payload.get("code") or inner)
    validation = payload.get("validation")
    keys = validation.get("keys") if isinstance(validation, Mapping) else None
    notes = [f"at {', '.join(map(str, keys))}"] if isinstance(keys, list) and keys else []
    return kind, _text(payload.get("message")), notes


def _text(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())[:400]


def job_failure(job: Mapping[str, Any]) -> QStoreError:
    """The error of a job that failed. Versions before 0.4 have `error` for the message."""
    failure = job.get("failure")
    found = failure if isinstance(failure, Mapping) else {}
    kind = _text(found.get("code")) or "no code"
    message = _text(found.get("message") or found.get("error")) or "the service says no more"
    code = "QS742" if any(word in kind.lower() for word in _QUOTA) else "QS746"
    return error(code, f"job {job.get('id')} failed ({kind}): {message}")
