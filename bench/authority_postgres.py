"""A PostgreSQL as the tests have it, but on the disk."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/blackbox"))
import postgres


class Database:
    def __init__(self):
        self.server = postgres.Postgres(fsync=True)
        self.name, self.url = self.server.new_database()

    def sql(self, text):
        return self.server.sql(text, self.name)

    def insert(self, statement, rows):
        # A command line holds a few hundred rows.
        for first in range(0, len(rows), 200):
            values = ", ".join("(" + ", ".join(str(one) if isinstance(one, int) else f"'{one}'" for one in row) + ")"
                               for row in rows[first:first + 200])
            self.sql(statement.split(" VALUES ")[0] + " VALUES " + values)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()
