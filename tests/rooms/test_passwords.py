"""What a kept password costs whoever stole it, and that old ones are made dearer at the next sign-in."""

import pytest
from argon2 import PasswordHasher

from hub.actions.context import Context
from hub.actions.people import passwords
from hub.actions.people.passwords import fits, hash_password
from tests.fakes.scene import PASSWORD, a_real_agent
from tests.fakes.signin import sign_in


@pytest.fixture
def dear(cheap_passwords: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> PasswordHasher:
    """As outside the tests."""
    monkeypatch.setattr(passwords, "HASHER", cheap_passwords)
    return cheap_passwords


@pytest.mark.usefixtures("dear")
async def test_a_guess_costs_what_rfc_9106_recommends() -> None:
    hashed = await hash_password(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await fits(PASSWORD, hashed) and not await fits(PASSWORD + "!", hashed)
    assert not await fits("a password that nobody has", None)


async def test_a_password_of_cheaper_days_is_hashed_anew_at_the_next_sign_in(
    ctx: Context, cheap_passwords: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_real_agent(ctx, "ann")

    async def kept() -> str:
        return str(await ctx.database.read(lambda c: c.fetchval("SELECT password_hash FROM agent")))

    cheap = await kept()
    monkeypatch.setattr(passwords, "HASHER", cheap_passwords)
    await sign_in(ctx)
    assert cheap.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert (await kept()).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    again = await kept()
    await sign_in(ctx)
    assert await kept() == again
