"""A password that was made for somebody: it opens the page on which they choose one, for three days, and nothing else."""

import pytest

from hub.actions.context import Context
from hub.actions.failures import LoginRefused, NotPossible
from hub.actions.people.change_agent import GIVEN_SECONDS, reset_password
from hub.actions.people.sessions import agent_of_session
from hub.actions.people.staff import set_password
from hub.actions.signin import second
from hub.actions.signin.by_password import change_own_password, log_in
from hub.actions.signin.enter import Entered
from hub.actions.signin.given import choose_password
from hub.actions.signin.policy import change_policy
from hub.actions.signin.second import prove
from hub.model.people import Actor, Role
from tests.fakes.scene import PASSWORD, one
from tests.fakes.signin import BROWSER, holder, set_up_app, sign_in

ADMIN = Actor(name="Ada", role=Role.ADMIN)
OWN = "lanterns over quiet harbours"


async def _by(ctx: Context, password: str) -> Entered:
    return await log_in(ctx, login="ann", password=password, browser=BROWSER)


async def _choose(ctx: Context, token: str, new: str) -> Entered:
    return await choose_password(ctx, holder=await holder(ctx, token), token=token, new=new, peer="::1")


async def test_it_opens_nothing_but_the_choice_of_another_one(ctx: Context, ann: int) -> None:
    given = await reset_password(ctx, agent_id=ann, actor=ADMIN)
    begun, beside = await _by(ctx, given), await _by(ctx, given)
    assert begun.limited and begun.chooses and (await holder(ctx, begun.token)).chooses
    assert await agent_of_session(ctx, begun.token) is None
    assert await one(ctx, "SELECT presence FROM agent WHERE login = 'ann'") == "offline"
    for bad, code in (
        (given, "same_password"),
        ("short", "weak_password"),
        ("contact hub at sea", "telling_password"),
    ):
        with pytest.raises(NotPossible) as refused:
            await _choose(ctx, begun.token, bad)
        assert refused.value.code == code
    late = await holder(ctx, beside.token)
    chosen = await _choose(ctx, begun.token, OWN)
    assert not chosen.limited and chosen.token != begun.token
    assert await agent_of_session(ctx, chosen.token) and await agent_of_session(ctx, begun.token) is None
    with pytest.raises(LoginRefused):  # the other page of the same password comes too late
        await choose_password(ctx, holder=late, token=beside.token, new="another quiet good one", peer="::1")
    with pytest.raises(LoginRefused):
        await _by(ctx, given)
    assert not (await _by(ctx, OWN)).limited


async def test_after_three_days_it_opens_nothing_and_who_guesses_is_told_no_more(
    ctx: Context, ann: int
) -> None:
    given = await reset_password(ctx, agent_id=ann, actor=ADMIN)
    left = (
        "SELECT extract(epoch FROM password_until - clock_timestamp())::float8 FROM agent WHERE login = 'ann'"
    )
    assert GIVEN_SECONDS - 600 < await one(ctx, left) <= GIVEN_SECONDS
    begun = await _by(ctx, given)
    await one(ctx, "UPDATE agent SET password_until = now() RETURNING 1")
    for tried, code in ((given, "password_over"), ("wrong password", "login_refused")):
        with pytest.raises(LoginRefused) as refused:
            await _by(ctx, tried)
        assert refused.value.code == code
    with pytest.raises(LoginRefused):  # nor does it show who they are to a page that is open
        await prove(ctx, await holder(ctx, begun.token), password=given, peer="::1")


async def test_a_second_step_stays_what_it_is(ctx: Context, ann: int) -> None:
    """Who has one shows it first; of whom one is asked sets it up after the password, and not in its place."""
    await change_policy(ctx, required_of="everybody", grace_days=0, actor=ADMIN)
    given = await reset_password(ctx, agent_id=ann, actor=ADMIN)
    begun = await _by(ctx, given)
    chosen = await _choose(ctx, begun.token, OWN)
    assert chosen.limited and chosen.due and await agent_of_session(ctx, chosen.token) is None
    _, codes = await set_up_app(ctx, ann)
    assert await agent_of_session(ctx, await second.lift_limit(ctx, chosen.token, "totp", "::1"))
    given = await reset_password(ctx, agent_id=ann, actor=ADMIN)
    step = await _by(ctx, given)
    assert step.second and not step.chooses
    entered = await second.finish_by_code(ctx, token=step.token, code=codes[0], browser=BROWSER)
    assert entered.chooses and await agent_of_session(ctx, entered.token) is None
    assert await agent_of_session(ctx, (await _choose(ctx, entered.token, "harbours by lantern light")).token)


async def test_what_somebody_chose_is_their_own(ctx: Context, ann: int) -> None:
    """On their page, or whoever runs the hub for themselves."""
    mine = await sign_in(ctx)
    await change_own_password(ctx, holder=await holder(ctx, mine), old=PASSWORD, new=OWN, peer="::1")
    assert not (await _by(ctx, OWN)).limited
    await reset_password(ctx, agent_id=ann, actor=ADMIN)
    await set_password(ctx, login="ann", password="typed on the command line")
    assert not (await _by(ctx, "typed on the command line")).limited
