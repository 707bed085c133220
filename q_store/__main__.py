"""`python -m q_store` is `qstorec`."""

import sys

from q_store.cli import main

sys.exit(main())
