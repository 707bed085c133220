"""Compiled kernels: made once per machine, kept on disk, loaded without Numba.

Numba compiles an entry point (``entry.py`` for this engine) to one native function without any
reference to Python or Numba's runtime. Its object code goes to a file, and every later process
hands that file to LLVM's loader, which takes a few milliseconds where importing and starting Numba
would take half a second.

The directory is ``$QSTORE_CACHE_DIR`` or ``~/.cache/q-store``; inside it, one folder per content of
the kernel sources, Numba version and processor, so that neither an upgrade nor another machine that
shares the home directory ever runs stale code. A file is written beside its place and moved there,
and carries a checksum; a lock lets one process compile while others wait for the result. Where
the directory cannot be written, or a later Numba has other internals, kernels live in memory only.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from q_store.qir.cache_dir import cache_root

_SOURCES: Final = (
    "adjoint.py",
    "binding.py",
    "cache.py",
    "entry.py",
    "intrinsics.py",
    "lone.py",
    "observing.py",
    "opcodes.py",
    "program.py",
    "shears.py",
    "sweeps.py",
    "tables.py",
)

Kernel = Callable[[Any], None]
"""Takes an argument block, the bytes of some int64 (``opcodes.A_COUNT``); releases the GIL."""


@dataclass(frozen=True, eq=False, slots=True)
class Family:
    """Kernels of one source for every scalar type and lane width; compared by identity."""

    title: str
    """For the message that one is compiled."""
    sources: tuple[Path, ...]
    """The files that decide what is compiled."""
    entry: str
    """The module whose ``make_entry`` gives the entry point."""
    seconds: int
    """How long compiling takes, roughly."""


ENGINE: Final = Family(
    "simulator",
    tuple([Path(__file__).with_name(name) for name in _SOURCES]),
    "q_store.runtime.batched.entry",
    20,
)


class ObjectCode(NamedTuple):
    """Native code of one kernel and the name of its function."""

    symbol: str
    code: bytes


_lock = threading.RLock()
_kernels: dict[tuple[np.dtype[Any], int, Family], Kernel] = {}
_engines: list[Any] = []
"""Owners of the loaded code; it must stay in memory as long as the process."""


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _warn(message: str, *args: object) -> None:
    import logging

    logging.getLogger("q_store").warning(message, *args)


def _numba_version() -> bytes:
    """Bytes that differ between Numba versions; neither imports Numba nor reads all metadata."""
    from importlib.util import find_spec

    found = find_spec("numba")
    if found is not None and found.origin is not None:
        with suppress(OSError):
            return Path(found.origin).with_name("_version.py").read_bytes()
    from importlib.metadata import version

    return version("numba").encode()


@cache
def _content_hash(family: Family) -> str:
    """Names exactly these sources, this Numba and this processor."""
    import llvmlite.binding as llvm

    digest = hashlib.sha256()
    for source in family.sources:
        digest.update(source.read_bytes())
    features = llvm.get_host_cpu_features().flatten()
    digest.update(repr((_numba_version(), llvm.get_host_cpu_name(), features)).encode())
    return digest.hexdigest()[:16]


def kernel_directory(family: Family = ENGINE) -> Path:
    """The folder for exactly these sources, this Numba and this processor."""
    return cache_root() / f"kernels-{_content_hash(family)}"


def get_kernel(dtype: np.dtype[Any], width: int, family: Family = ENGINE) -> Kernel:
    """The kernel for one scalar type and lane width."""
    key = (dtype, width, family)
    kernel = _kernels.get(key)
    if kernel is None:
        with _lock:
            kernel = _kernels.get(key) or _make(dtype, width, family)
            _kernels[key] = kernel
    return kernel


def _make(dtype: np.dtype[Any], width: int, family: Family) -> Kernel:
    """From object code, or by Numba for this process only where its internals have changed."""
    try:
        code = _object_code(dtype, width, family)
    except (AttributeError, ImportError, TypeError) as problem:
        _tell_once(str(problem))
        return compile_here(dtype, width, family)
    return _link(code)


@cache
def _tell_once(problem: str) -> None:
    _warn(
        "q-store: this version of Numba gives no object code (%s); kernels are compiled in every "
        "process. The versions in q-store's requirements are known to work.",
        problem,
    )


def _object_code(dtype: np.dtype[Any], width: int, family: Family) -> ObjectCode:
    """From the cache, or compiled and stored there."""
    directory = kernel_directory(family)
    path = directory / f"{dtype.name}-{width}.kernel"
    found = _read(path)
    if found is not None:
        return found
    if not _writable(directory):
        return _announced(dtype, width, family)
    with _file_lock(directory / "lock"):
        found = _read(path)
        if found is None:
            found = _announced(dtype, width, family)
            _write(path, found)
    return found


def _read(path: Path) -> ObjectCode | None:
    """The stored code, or None if there is none that is whole."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    checksum, _, body = content.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != checksum:
        _warn("q-store: the kernel file %s is damaged and is made anew", path)
        return None
    symbol, _, code = body.partition(b"\n")
    return ObjectCode(symbol.decode(), code)


def _write(path: Path, kernel: ObjectCode) -> None:
    body = kernel.symbol.encode() + b"\n" + kernel.code
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        temporary.replace(path)
    except OSError as problem:
        temporary.unlink(missing_ok=True)
        _warn("q-store: cannot store the kernel file %s (%s)", path, problem.strerror)


def _writable(directory: Path) -> bool:
    """Make the folder; False with a warning if that or writing in it is impossible."""
    probe = directory / f".probe-{os.getpid()}-{threading.get_ident()}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as problem:
        _warn(
            "q-store: cannot write the kernel cache %s (%s); kernels are compiled in every "
            "process. Set QSTORE_CACHE_DIR to a folder that can be written.",
            directory,
            problem.strerror,
        )
        return False
    return True


def _announced(dtype: np.dtype[Any], width: int, family: Family) -> ObjectCode:
    _warn(
        "q-store: compiling the %s %s kernel for %d lanes (once per machine, about %d s)",
        dtype.name,
        family.title,
        width,
        family.seconds,
    )
    return compile_entry(dtype, width, family)


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes; without fcntl there is none to hold."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _entry(dtype: np.dtype[Any], width: int, family: Family) -> Any:
    """The entry point as a Python function for Numba."""
    from numba import from_dtype

    from q_store.runtime.batched.layout import lane_dtype

    make: Callable[..., Any] = import_module(family.entry).make_entry
    return make(from_dtype(dtype), from_dtype(lane_dtype(dtype, width)))


def compile_entry(dtype: np.dtype[Any], width: int, family: Family = ENGINE) -> ObjectCode:
    """Native code of an entry point for one scalar type and lane width, by Numba."""
    from numba import int64, void
    from numba.core import compiler
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

    entry = _entry(dtype, width, family)
    flags: Any = compiler.Flags()
    for name in ("no_compile", "no_cpython_wrapper", "no_cfunc_wrapper"):
        setattr(flags, name, True)
    flags.error_model = "numpy"
    typing, target = cpu_target.typing_context, cpu_target.target_context
    typing.refresh()
    target.refresh()
    with global_compiler_lock:
        built = compiler.compile_extra(
            typing, target, entry, (int64,), void(int64).return_type, flags, {}
        )
        built.library.enable_object_caching()
        built.library.finalize()
        _, _, (code, _) = built.library.serialize_using_object_code()
    return ObjectCode(built.fndesc.llvm_func_name, code)


def compile_here(dtype: np.dtype[Any], width: int, family: Family = ENGINE) -> Kernel:
    """The kernel by Numba's public means, which keep nothing for other processes."""
    from numba import cfunc, int64, void

    compiled: Any = cfunc(void(int64))(_entry(dtype, width, family))
    _engines.append(compiled)
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(compiled.address)


def _link(kernel: ObjectCode) -> Kernel:
    """Load object code into this process."""
    import llvmlite.binding as llvm

    with suppress(RuntimeError):  # Newer versions need no call and refuse it.
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(kernel.code))
    engine.finalize_object()
    _engines.append(engine)
    address = engine.get_function_address(kernel.symbol)
    pointer = ctypes.c_void_p
    function = ctypes.CFUNCTYPE(ctypes.c_int32, pointer, pointer, pointer)(address)
    unused = (ctypes.c_int64 * 8)()

    def call(block: Any) -> None:
        # Numba's calling convention: places for a result and an exception come first.
        function(unused, unused, block)

    return call
