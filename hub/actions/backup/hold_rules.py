"""Rules whose time came while the copy lay there: all is done as they say, but what leaves, or ends the work, is a note to a
person.

A rule that answers at a breach, or a day after the last word, has perhaps done so since; the answer that it would write now is
another one, with another Message-ID, and the call another call.
"""

from hub.actions.automation.look import run_rules
from hub.actions.context import Context
from hub.actions.timers import fire_due
from hub.model.tickets import TicketStatus
from routing.automation.tables import Action, AutomationRule
from routing.rules import RoutingRules
from storage import backups

_ENDS = {TicketStatus.RESOLVED: "已解决", TicketStatus.CLOSED: "已关闭"}
_NOTE = (
    "The database was put back from a copy, and this may have been done since. So the rule has left it to you: {en}\n"
    "数据库已从备份恢复，以下操作可能已执行过，规则未再自动执行，请人工决定：{zh}"
)


async def hold_rules(ctx: Context) -> list[int]:
    """Have time and rules do what is due, until nothing is; returns the tickets (their codes) on which a note stands for what
    was not done. What a rule has looked at it does not look at again. Raises DatabaseUnavailable."""
    held = [rule.name for rule in ctx.rules.automation if rule.leaves]
    last = await ctx.database.read(backups.last_run)
    rules = ctx.rulebook.rules
    ctx.rulebook.rules = quiet(rules)
    try:
        # What tickets wait for is planned by the rules as they are, and stays so.
        ctx.memo[run_rules] = (ctx.rulebook.version, ctx.rules.automations.fingerprint)
        while await fire_due(ctx) + await run_rules(ctx):
            pass
    finally:
        ctx.rulebook.rules = rules
        del ctx.memo[run_rules]
    return await ctx.database.read(lambda c: backups.held_by_rules(c, last, held))


def quiet(rules: RoutingRules) -> RoutingRules:
    """The same rules, of which nothing leaves and no work ends. Pure."""
    tables = {name: getattr(rules, name) for name in RoutingRules.model_fields}
    return RoutingRules(**{**tables, "automation": tuple(_quiet(rule) for rule in rules.automation)})


def _quiet(rule: AutomationRule) -> AutomationRule:
    # A rule that leaves something asks for a kind that is certain; one that does not, does not.
    when = rule.when.model_copy(update={"uncertain": False}) if rule.needs_certainty else rule.when
    return rule.model_copy(update={"when": when, "then": tuple(_noted(one) for one in rule.then)})


def _noted(action: Action) -> Action:
    if action.reply:
        said = f"answer with the template {action.reply}", f"用模板“{action.reply}”答复客户"
    elif action.webhook:
        said = f"call the webhook {action.webhook}", f"调用 Webhook“{action.webhook}”"
    elif action.status in _ENDS:
        said = f"set the ticket to {action.status}", f"将工单设为“{_ENDS[action.status]}”"
    else:
        return action
    return Action(note=_NOTE.format(en=said[0], zh=said[1]))
