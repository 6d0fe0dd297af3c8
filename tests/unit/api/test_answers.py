"""What the hub answers about an item it has kept, in each state that the item can be in."""

import pytest

from channels.adapter import Acceptance
from hub.web.api.answers import InteractionAccepted
from hub.web.api.interactions import answer_acceptance


@pytest.mark.parametrize(
    ("acceptance", "status", "says"),
    [
        (Acceptance(raw_id=2**60, duplicate=False, ticket_code="T-10019", interaction_id=7), 201, "accepted"),
        (Acceptance(raw_id=2**60, duplicate=True, ticket_code="T-10019", interaction_id=7), 201, "accepted"),
        (Acceptance(raw_id=2**60, duplicate=False), 202, "waiting"),
        (Acceptance(raw_id=2**60, duplicate=False, quarantined="no sender"), 202, "quarantined"),
    ],
)
def test_only_what_stands_on_a_ticket_is_201(acceptance: Acceptance, status: int, says: str) -> None:
    answer = answer_acceptance(acceptance)
    assert isinstance(answer.document, InteractionAccepted)
    assert (answer.status, answer.document.status, answer.document.raw_id) == (status, says, str(2**60))
    assert ("Location" in answer.headers) == (status == 201)
    assert (answer.document.ticket is None) == (status == 202)
    if acceptance.quarantined:
        assert answer.document.detail == "no sender"
