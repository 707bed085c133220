"""The service of this process behind `ionq.local`: started when it is needed, ended with it."""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from q_store.runtime.ionq_client.client import IonQClient

_LOCK: Final = threading.Lock()
_KEY: Final = "local"
_KEPT: Final = 200
"""Jobs to keep: training makes thousands, and their results are read at once."""
_client: IonQClient | None = None


def local_client() -> IonQClient:
    """A client of the service of this process. Its jobs last as long as the process."""
    global _client
    from q_store.runtime.ionq_client.client import IonQClient
    from q_store.runtime.ionq_client.transport import Patience
    from q_store.runtime.ionq_service.http_server import IonqServer
    from q_store.runtime.ionq_service.service import IonqService, ServiceOptions

    with _LOCK:
        if _client is None:
            server = IonqServer(IonqService(ServiceOptions(keep=_KEPT)))
            _client = IonQClient(_KEY, url=server.url, patience=Patience(longest_pause=0.02))
            atexit.register(server.close)
            atexit.register(_client.close)
        return _client
