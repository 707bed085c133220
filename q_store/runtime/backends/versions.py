"""Which versions of other packages have the private interface that an adapter is written for."""

from __future__ import annotations

import logging
from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def is_tested(package: str, tested: tuple[str, ...]) -> bool:
    """Whether the installed version is one of those tested, given as `major.minor`.

    Others are said once; the adapter then goes through the package's public interface.
    """
    try:
        installed = version(package)
    except PackageNotFoundError:
        return False
    if ".".join(installed.split(".")[:2]) in tested:
        return True
    logging.getLogger("q_store").warning(
        "q-store: %s %s is not among the versions whose C++ interface is known (%s); circuits go "
        "through its slower public interface",
        package,
        installed,
        ", ".join(tested),
    )
    return False
