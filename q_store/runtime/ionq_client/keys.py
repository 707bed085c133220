"""The key of the service: found here, and shown nowhere."""

from __future__ import annotations

from q_store.qir.diagnostics import error
from q_store.runtime.config import IONQ_KEY_VARIABLE, Secret, settings


def find_key(given: str | Secret | None) -> Secret:
    """The key given, else that of `configure`, else that of IONQ_API_KEY; perhaps empty.

    Raises `QS740` for one that cannot be a key; the message does not show it.
    """
    if given is None:
        return settings().ionq_api_key
    text = given.reveal() if isinstance(given, Secret) else given
    if not isinstance(text, str) or not text.strip():
        raise error("QS740", "api_key must be a text that is not empty")
    text = text.strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise error("QS740", "api_key holds a blank or a character that no key has")
    return Secret(text)


def need(key: Secret) -> str:
    """The text of a key. Raises `QS740` where there is none."""
    if not key:
        raise error(
            "QS740",
            "no key of IonQ's service",
            help=f"give api_key=…, q_store.configure(ionq_api_key=…) or {IONQ_KEY_VARIABLE}",
        )
    return key.reveal()
