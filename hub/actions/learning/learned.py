"""What was learned from corrections, as this hub goes by it: a second look at what the scored rules found."""

from dataclasses import dataclass, replace

import structlog

from hub.actions.arrivals import Read
from routing.classify import Classification
from routing.learn.model import Model, NotAModel, from_bytes, refine
from storage import classifiers
from storage.database import Database

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Learned:
    """One per hub process; both change together. Version 0: nothing has a say but the rules."""

    version: int = 0
    model: Model | None = None

    def look_again(self, read: Read) -> Read:
        """What an item is, by the rules and by what was learned."""
        said = read.interaction
        return replace(
            read, classified=self.refine(read.classified, said.text or said.full_text, said.subject)
        )

    def refine(self, found: Classification, text: str, subject: str) -> Classification:
        """The same of a text that the rules have looked at."""
        model, version = self.model, self.version
        return found if model is None else refine(found, text, subject, model, version)


async def reload_learned(database: Database, learned: Learned) -> int:
    """Go by the version in use; returns 1 where that was another one. One that this hub cannot read, because a newer hub made
    it, leaves things as they are and says so."""
    version = await database.read(classifiers.in_use)
    if version == learned.version:
        return 0
    if not version:
        learned.version, learned.model = 0, None
        return 1
    document = await database.read(lambda c: classifiers.document(c, version))
    try:
        model = from_bytes(document or b"")
    except NotAModel as error:
        log.error("learned.not_understood", version=version, in_use=learned.version, error=str(error))
        return 0
    learned.version, learned.model = version, model
    log.info("learned.changed", version=version, method=model.method)
    return 1
