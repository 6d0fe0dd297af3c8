"""A database that was copied to another server: its ledger bears numbers of transactions that this server has not come to.

Screens, rules and notices read the ledger in the order of those numbers, and only below the oldest transaction that runs
(decision 0058). Left alone, nothing new would be heard until the server had come to them, which may take years.
"""

import structlog

from storage import backups
from storage.database import Connection, Database

log = structlog.get_logger(__name__)


async def rejoin_ledger(database: Database) -> bool:
    """Make the ledger this server's, where it is not: what every reader had read, and what not, stays so. Several hubs may do
    it at once; the second finds nothing left to do. Returns whether there was something to do."""
    if not await database.read(backups.ledger_is_foreign):
        return False

    async def work(connection: Connection) -> bool:
        await backups.lock_marks(connection)
        if not await backups.ledger_is_foreign(connection):
            return False
        await backups.renumber_ledger(connection)
        return True

    log.warning("ledger.comes_from_another_server")
    done = await database.run(work)
    if done:
        log.info("ledger.rejoined")
    return done
