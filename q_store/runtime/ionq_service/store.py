"""What lasts: jobs, results, charges and sessions in one SQLite file.

Every change is one transaction, so the file is whole whenever the process ends, by `kill -9` too
(write-ahead log; only a power cut may take back the last moments). A file belongs to one service
at a time. A charge is written with the completion that it is for, and a job has at most one.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from q_store.qir.diagnostics import error

Row = sqlite3.Row
FORMAT: Final = 1
MEMORY: Final = ":memory:"

_TABLES: Final = """
CREATE TABLE job (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  parent TEXT REFERENCES job (id),
  place INTEGER NOT NULL DEFAULT 0,
  version TEXT NOT NULL,
  status TEXT NOT NULL,
  type TEXT NOT NULL,
  backend TEXT NOT NULL,
  name TEXT,
  shots INTEGER NOT NULL,
  session TEXT,
  dry_run INTEGER NOT NULL,
  metadata TEXT,
  settings TEXT NOT NULL,
  noise TEXT,
  input TEXT NOT NULL,
  qubits INTEGER NOT NULL,
  gates_1q INTEGER NOT NULL,
  gates_2q INTEGER NOT NULL,
  estimate REAL NOT NULL,
  wait_ms INTEGER NOT NULL,
  predicted_ms INTEGER NOT NULL,
  submitted REAL NOT NULL,
  due REAL NOT NULL,
  started REAL,
  completed REAL,
  attempts INTEGER NOT NULL DEFAULT 0,
  failure_code TEXT,
  failure_message TEXT
);
CREATE INDEX job_by_status ON job (status, due) WHERE parent IS NULL;
CREATE INDEX job_by_parent ON job (parent, place);
CREATE TABLE result (
  job TEXT PRIMARY KEY REFERENCES job (id),
  probabilities TEXT NOT NULL,
  shots BLOB,
  registers TEXT
);
CREATE TABLE charge (
  job TEXT PRIMARY KEY,
  usd REAL NOT NULL,
  at REAL NOT NULL
);
CREATE TABLE session (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  backend TEXT NOT NULL,
  settings TEXT NOT NULL,
  created REAL NOT NULL,
  started REAL,
  ended REAL
);
"""


class Store:
    """The open file. Methods may be called from any thread."""

    def __init__(self, path: str | Path = MEMORY) -> None:
        """Raises `QS761` for a file that is no store, or is in use by another service."""
        self.path = str(path)
        self._lock = threading.RLock()
        try:
            self._open()
        except sqlite3.Error as problem:
            raise error(
                "QS761",
                f"cannot use {self.path!r} for the state of the service: {problem}",
                help="one service at a time uses a file; give another with --db",
            ) from None

    def _open(self) -> None:
        self._connection = sqlite3.connect(
            self.path, timeout=1.0, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        # Nobody else may open the file while this process lives; the lock goes with the process.
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        with self.transaction():
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _TABLES.split(";\n"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")
            elif version != FORMAT:
                raise sqlite3.DatabaseError(f"it has format {version}, this version {FORMAT}")

    def close(self) -> None:
        """Close the file; what was written stays."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the changes inside, or none of them."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            # The connection is its own context manager: it commits, or rolls back what failed.
            with self._connection:
                yield

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row of a query."""
        with self._lock:
            found: Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def change(self, sql: str, *values: Any) -> int:
        """How many rows a statement has changed; alone it is a transaction."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def insert(self, table: str, values: Mapping[str, Any]) -> None:
        """Add one row."""
        marks = ", ".join("?" * len(values))
        self.change(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", *values.values())

    # --- questions that several parts ask -----------------------------------------------------

    def job(self, identifier: str) -> Row | None:
        """A job of any kind."""
        return self.row("SELECT * FROM job WHERE id = ?", identifier)

    def children(self, parent: str) -> list[Row]:
        """The jobs of the circuits of a multi-circuit job, in order."""
        return self.rows("SELECT * FROM job WHERE parent = ? ORDER BY place", parent)

    def result(self, job: str) -> Row | None:
        """What a job has given."""
        return self.row("SELECT * FROM result WHERE job = ?", job)

    def has_result(self, job: str) -> bool:
        """Whether a job, or a circuit of it, has given anything."""
        sql = "SELECT 1 FROM result JOIN job ON job.id = result.job WHERE job.id = ? OR parent = ?"
        return self.row(sql, job, job) is not None

    def has_shots(self, job: str) -> bool:
        """Whether a job has given shots, not only probabilities."""
        return self.row("SELECT 1 FROM result WHERE job = ? AND shots IS NOT NULL", job) is not None

    def spent(self, session: str | None = None) -> float:
        """Dollars charged in all, or by the jobs of one session."""
        sql = "SELECT total(usd) AS usd FROM charge"
        if session is not None:
            sql += " JOIN job ON job.id = charge.job WHERE job.session = ?"
        found = self.row(sql, *(() if session is None else (session,)))
        return float(found["usd"]) if found else 0.0

    def promised(self) -> float:
        """Dollars that jobs which are ready or started will be charged."""
        found = self.row(
            "SELECT total(estimate) AS usd FROM job "
            "WHERE parent IS NULL AND status IN ('ready', 'started')"
        )
        return float(found["usd"]) if found else 0.0

    def set_status(self, jobs: Sequence[str], status: str, **columns: Any) -> None:
        """A new status, and other columns, for jobs and their circuits."""
        names = ", ".join(f"{name} = ?" for name in ("status", *columns))
        values = (status, *columns.values())
        for job in jobs:
            self.change(f"UPDATE job SET {names} WHERE id = ? OR parent = ?", *values, job, job)
