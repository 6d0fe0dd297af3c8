"""What tests of several rooms share."""

import pytest

from hub.actions.context import Context
from hub.model.people import Role
from tests.fakes.scene import a_real_agent


@pytest.fixture
async def ann(ctx: Context) -> int:
    """Somebody who leads, and signs in with a password of their own."""
    return await a_real_agent(ctx, "ann", role=Role.SUPERVISOR)
