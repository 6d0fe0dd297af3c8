"""Who is named by an @."""

import pytest

from hub.actions.errands.mentions import Named, find_mentions
from storage.notices import QueueNamed, StaffRow

STAFF = [
    StaffRow(id=1, login="lin", name="小林", role="agent", queues=[7]),
    StaffRow(id=2, login="lin.chen", name="林晓晨", role="agent", queues=[]),
    StaffRow(id=3, login="ann", name="Ann Berg", role="supervisor", queues=[7, 8]),
    StaffRow(id=4, login="other", name="小林", role="agent", queues=[]),
    StaffRow(id=5, login="sen", name="小林森", role="agent", queues=[8]),
]
QUEUES = [
    QueueNamed(id=7, name="complaints", title_en="Complaints", title_zh="投诉"),
    QueueNamed(id=8, name="ann", title_en="VIP", title_zh="大客户"),
    QueueNamed(id=9, name="empty", title_en="Nobody's", title_zh="空"),
]


@pytest.mark.parametrize(
    ("text", "agents", "queues"),
    [
        ("@lin", (1,), ()),
        ("请@lin看一下，@林晓晨也看看", (1, 2), ()),
        ("Ask @lin.chen. And @LIN, or @Ann Berg!", (2, 1, 3), ()),
        ("@lin.chess is nobody, and neither are lin@lin, a.@lin and @linda", (), ()),
        ("@小林 are two", (1, 4), ()),
        ("@小林森是另一位", (5,), ()),
        ("@complaints @投诉 once", (), (7,)),
        ("a login before a queue: @ann", (3,), ()),
        ("@大客户组", (), (8,)),
        ("", (), ()),
    ],
)
def test_the_longest_name_counts(text: str, agents: tuple[int, ...], queues: tuple[int, ...]) -> None:
    assert find_mentions(text, STAFF, QUEUES) == Named(agents=agents, queues=queues)


def test_a_team_is_its_members_or_else_those_of_every_queue() -> None:
    assert find_mentions("@complaints @lin", STAFF, QUEUES).everybody(STAFF) == [1, 3]
    assert find_mentions("@empty", STAFF, QUEUES).everybody(STAFF) == [2, 4]
