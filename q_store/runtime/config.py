"""`configure`: settings of the whole process."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from q_store.qir import cache_dir as cache
from q_store.qir.diagnostics import error

IONQ_KEY_VARIABLE: Final = "IONQ_API_KEY"
_CACHE_BYTES: Final = 256 * 2**20


class Secret:
    """Text that neither prints nor travels: `reveal()` gives it, and a copy in another process is
    empty."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret('***')" if self._text else "Secret('')"

    __str__ = __repr__

    def __reduce__(self) -> tuple[Any, ...]:
        return Secret, ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What `configure` has set. The key is left out of every text and every copy."""

    default_backend: Any = "auto"
    """What layers made without `backend=` use: a name or a `SimulatorConfig`."""
    cache_dir: Path | None = None
    """Set by `configure`, otherwise `None`; `q_store.qir.cache_dir.cache_root()` is what holds."""
    cache_bytes: int = _CACHE_BYTES
    """Most bytes of compiled circuits to keep on disk."""
    _ionq_api_key: Secret = field(default=Secret(), repr=False, compare=False)

    @property
    def ionq_api_key(self) -> Secret:
        """The key given to `configure`, else that of the variable IONQ_API_KEY."""
        return self._ionq_api_key or Secret(os.environ.get(IONQ_KEY_VARIABLE, ""))


_current = Settings()


def settings() -> Settings:
    """The settings that hold now."""
    return _current


def configure(
    *,
    ionq_api_key: str | None = None,
    default_backend: Any = None,
    cache_dir: str | os.PathLike[str] | None = None,
    cache_bytes: int | None = None,
) -> Settings:
    """Set what is given, for the whole process; the rest stays as it was.

    Args:
        ionq_api_key: Key of IonQ's service. It is never printed, logged, pickled or written to
            disk. Default: the variable IONQ_API_KEY.
        default_backend: For layers and circuit functions made without `backend=`: `auto`, a name,
            or a `SimulatorConfig`.
        cache_dir: Folder of compiled kernels and circuits; `~` is the home directory. Default:
            the variable QSTORE_CACHE_DIR, else `~/.cache/q-store`. It is made when needed.
        cache_bytes: Most bytes of compiled circuits to keep there; 0 keeps none.

    Returns:
        The settings that hold from now on.

    Raises:
        QStoreError: `QS624` for an unusable value; then nothing is changed.
    """
    global _current
    changed: dict[str, Any] = {}
    if ionq_api_key is not None:
        changed["_ionq_api_key"] = _key(ionq_api_key)
    if default_backend is not None:
        changed["default_backend"] = _backend(default_backend)
    if cache_dir is not None:
        changed["cache_dir"] = _folder(cache_dir)
    if cache_bytes is not None:
        changed["cache_bytes"] = _bytes(cache_bytes)
    _current = replace(_current, **changed)
    cache.choose(_current.cache_dir)
    return _current


def reset() -> None:
    """Back to the settings of a fresh process."""
    global _current
    _current = Settings()
    cache.choose(None)


def _key(value: object) -> Secret:
    """What is wrong with a key is said without showing it."""
    if not isinstance(value, str) or not value.strip():
        kind = "an empty text" if isinstance(value, str) else type(value).__name__
        raise error("QS624", f"ionq_api_key must be a text that is not empty, got {kind}")
    if any(not character.isprintable() or character.isspace() for character in value.strip()):
        raise error("QS624", "ionq_api_key holds a blank or a character that cannot be printed")
    return Secret(value.strip())


def _backend(value: Any) -> Any:
    from q_store.runtime.simulator_config import SimulatorConfig

    config = SimulatorConfig.of(value)
    if config.backend != "auto":
        from q_store.runtime.backends.table import backend_row

        backend_row(config.backend)
    return value if isinstance(value, str) else config


def _folder(value: object) -> Path:
    if not isinstance(value, str | os.PathLike) or not str(value):
        raise error("QS624", f"cache_dir must be a path, got {value!r}")
    try:
        folder = Path(value).expanduser().absolute()
    except RuntimeError as problem:
        raise error("QS624", f"cache_dir {str(value)!r} has no home directory") from problem
    if folder.exists() and not folder.is_dir():
        raise error("QS624", f"cache_dir must be a folder, {str(folder)!r} is none")
    return folder


def _bytes(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise error("QS624", f"cache_bytes must be an integer from 0 up, got {value!r}")
    return value
