"""A migrator as a process of its own, to be killed; run by test_migrations.py.

    python -m tests.database.migrator DATABASE_URL [MIGRATIONS]

prints how many migrations it applied.
"""

import asyncio
import sys
from pathlib import Path

from reintegration.database.migrate import migrate, read_migrations

if __name__ == "__main__":
    applied = asyncio.run(migrate(sys.argv[1], read_migrations(*map(Path, sys.argv[2:]))))
    sys.stdout.write(f"{applied}\n")
