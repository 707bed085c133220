from collections.abc import Iterator

import pytest

from tests.runtime.ionq_service.local import Local


@pytest.fixture
def local() -> Iterator[Local]:
    with Local() as service:
        yield service
