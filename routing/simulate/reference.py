"""The reference workload: a contact centre of 32 agents, five days of some 11,900 customers. Its constants are those of HUB-ROUTE v1,
a benchmark of routing policies; the customers are drawn here.

The clock runs in working minutes: a day is 07:00 to 22:00, and days follow each other without a night. After the fifth nobody
comes any more, and what waits is worked off.
"""

import random
from dataclasses import dataclass

from routing.simulate import chance as draw
from routing.simulate.case import Case, Errand, Span, Worker
from routing.situation import Needs, WaitingTicket
from routing.worth import pace_of as _pace_of
