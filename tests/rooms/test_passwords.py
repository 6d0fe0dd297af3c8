"""What a kept password costs whoever stole it, that old ones are made dearer at the next sign-in, and which may be chosen."""

import pytest
from argon2 import PasswordHasher

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.people import passwords
from hub.actions.people.change_agent import new_password
from hub.actions.people.guessable import is_common
from hub.actions.people.passwords import fits, hash_chosen, hash_password
from hub.cli.staff import _told
from tests.fakes.desk import MAIL
from tests.fakes.scene import PASSWORD, a_hub, a_real_agent
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


async def test_a_new_password_holds_no_domain_of_an_inbox_and_an_old_one_stays_good(
    database_dsn: str, cheap_passwords: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_hub(database_dsn, {"support": MAIL}) as ctx:
        for wrong in ("letters to shop.example", "the Shop is open late"):
            with pytest.raises(NotPossible) as refused:
                await hash_chosen(ctx, wrong, login="ann", name="Ann")
            assert refused.value.code == "telling_password"
        assert await hash_chosen(ctx, PASSWORD, login="ann", name="Ann")
        await a_real_agent(ctx, "ann")
        before = await hash_password("shop")
        await ctx.database.run(lambda c: c.execute("UPDATE agent SET password_hash = $1", before))
        monkeypatch.setattr(passwords, "HASHER", cheap_passwords)
        await sign_in(ctx, password="shop")


async def test_the_command_line_refuses_in_its_own_language(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    for locale, said in (("C", "easy to guess"), ("zh_CN.UTF-8", "容易被猜到")):
        monkeypatch.setenv("LC_ALL", locale)
        with pytest.raises(NotPossible, match=said):
            await _told(hash_chosen(ctx, "password123", login="ann", name="Ann"))


def test_what_the_hub_makes_up_holds_nobodys_name() -> None:
    made = [new_password() for _ in range(200)]
    assert len(set(made)) == 200
    assert not [one for one in made if is_common(one) or set(one) & set("aeiou")]
