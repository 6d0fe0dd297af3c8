"""Every query of storage/sql on the migrated schema: it prepares, its columns are its dataclass's fields, the hot ones use an
index."""

import dataclasses
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import storage
from hub.actions.ports import make_ports
from hub.model.filters import NOBODY, every, one_of
from storage import (
    acknowledge,
    agents,
    audit,
    automation,
    cases,
    change_customers,
    channels,
    classifiers,
    corrections,
    customer_pairs,
    customer_timeline,
    customers,
    drafts,
    dry_run,
    exports,
    feed_marks,
    first_steps,
    floor,
    follow,
    followers,
    gate,
    gathering,
    help,  # noqa: A004 - a room of ours
    history,
    house,
    inbound,
    incidents,
    keys,
    knowledge,
    knowledge_find,
    listening,
    live,
    macros,
    mailboxes,
    merge_customers,
    notices,
    offers,
    outbound,
    own_fields,
    participants,
    portal,
    privacy,
    reports,
    retention,
    roles,
    rule_drafts,
    rulebook,
    scheduled,
    search,
    search_fill,
    side_letters,
    sight,
    signin,
    staff,
    surveys,
    tags,
    talks,
    targets,
    tasks,
    templates,
    threads,
    ticket_lists,
    versions,
    views,
    wallboard,
    ways,
    webhooks,
    work,
)
from storage.filters import Reader, compile_where
from storage.queries import asking, load_queries
from tests.fakes.scene import BOB, a_hub, rows, say

FILES = sorted(path.stem for path in (Path(storage.__file__).parent / "sql").glob("*.sql"))
QUERIES = {f"{name}.{block}": sql for name in FILES for block, sql in load_queries(name).items()}
QUERIES |= {
    "views.ticket_timeline": views.TICKET_TIMELINE,
    "views.customer_timeline": views.CUSTOMER_TIMELINE,
    "views.latest_of_ticket": views.LATEST_OF_TICKET,
    "customer_timeline.filtered": customer_timeline.FILTERED,
    "change_customers.organisation": change_customers.BY_CODE,
    **{f"change_customers.organisations_{sight_}": sql for sight_, sql in change_customers.LISTS.items()},
    **{f"change_customers.choices_{sight_}": sql for sight_, sql in change_customers.CHOICES.items()},
    **{f"search.organisations_{sight_}": sql for sight_, sql in search.ORGANISATIONS.items()},
    "incidents.by_code": incidents.BY_CODE,
    "incidents.list": incidents.LIST,
    "incidents.concerned_all": incidents.CONCERNED,
    "incidents.concerned_one": incidents.CONCERNED_ONE,
}
TASK_LISTS = {f"tasks.list_{number}": sql for number, sql in enumerate(tasks.QUERIES)}
QUERIES |= TASK_LISTS
QUERIES["ticket_lists.marks"] = ticket_lists.MARKS
QUERIES |= {f"sight.asked_{number}": sql for number, sql in enumerate(sight.QUERIES)}

# Which dataclass a query fills; fields that the query does not give (they come from elsewhere).
ROWS: dict[str, tuple[type[Any], set[str]]] = {
    "knowledge.categories": (knowledge.CategoryRow, set()),
    "knowledge.list": (knowledge.ArticleRow, set()),
    "knowledge.get": (knowledge.ArticleRow, set()),
    "knowledge.texts": (knowledge.TextRow, set()),
    "knowledge.versions": (knowledge.VersionRow, set()),
    "knowledge.version_text": (knowledge.Words, set()),
    "knowledge.votes": (knowledge.CommentRow, set()),
    "knowledge.lock": (knowledge.LockedArticle, set()),
    "knowledge.live_texts": (knowledge.LiveWords, set()),
    "knowledge.story": (knowledge.Story, set()),
    "knowledge_find.find_written": (knowledge_find.FoundRow, set()),
    "knowledge_find.find_read": (knowledge_find.FoundRow, set()),
    "knowledge_find.find_public": (knowledge_find.FoundRow, set()),
    "knowledge_find.touches_read": (knowledge_find.TouchRow, set()),
    "knowledge_find.touches_public": (knowledge_find.TouchRow, set()),
    "knowledge_find.shown_read": (knowledge_find.ShownRow, set()),
    "knowledge_find.shown_public": (knowledge_find.ShownRow, set()),
    "help.article": (help.PublicArticle, set()),
    "help.shelf": (help.ShelfRow, set()),
    "help.sitemap": (help.SiteRow, set()),
    "help.vote_of": (help.Vote, set()),
    "gate.count": (gate.TallyRow, set()),
    "gate.look": (gate.TallyRow, set()),
    "follow.find": (follow.LinkRow, set()),
    "follow.lines": (follow.LineRow, set()),
    "portal.take_try": (portal.TriedCode, set()),
    "portal.find_link": (portal.LinkRow, set()),
    "portal.session": (portal.SessionRow, set()),
    "portal.tickets": (portal.TicketRow, set()),
    "portal.ticket": (portal.CaseRow, set()),
    "portal.lines": (portal.LineRow, set()),
    "portal.files": (portal.FileRow, set()),
    "portal.file_ticket": (portal.FilePlace, set()),
    "portal.profile": (portal.ProfileRow, set()),
    "inbound.take_keys": (inbound.TakenKey, set()),
    "cases.event_at": (cases.PastEvent, set()),
    "cases.merge_of": (cases.MergeRow, set()),
    "cases.proposed": (cases.ProposedRow, set()),
    "merge_customers.identities": (merge_customers.KnownIdentity, set()),
    "merge_customers.lock": (merge_customers.LockedCustomer, set()),
    "merge_customers.merge_of": (merge_customers.CustomerMerge, set()),
    "merge_customers.merges_of": (merge_customers.MergeShown, set()),
    "merge_customers.counts": (merge_customers.Counts, set()),
    "customer_pairs.open_pairs": (customer_pairs.PairRow, set()),
    "change_customers.lock_customer": (change_customers.CustomerToChange, set()),
    "change_customers.customer_to_change": (change_customers.CustomerToChange, set()),
    "change_customers.identities_with_ids": (change_customers.OwnIdentity, set()),
    **{
        f"change_customers.organisations_{one}": (change_customers.OrganisationRow, set[str]())
        for one in change_customers.LISTS
    },
    "change_customers.organisation": (change_customers.OrganisationRow, set()),
    "change_customers.members": (change_customers.MemberRow, set()),
    "change_customers.tickets_of_organisation": (change_customers.TicketOfOrganisation, set()),
    "incidents.by_code": (incidents.IncidentRow, set()),
    "incidents.list": (incidents.IncidentRow, set()),
    "incidents.lock": (incidents.LockedIncident, set()),
    "incidents.tickets": (incidents.IncidentTicket, set()),
    "incidents.of_ticket": (incidents.IncidentShort, set()),
    "incidents.concerned_all": (incidents.ConcernedRow, set()),
    "incidents.concerned_one": (incidents.ConcernedRow, set()),
    "incidents.updates": (incidents.UpdateRow, set()),
    "incidents.not_told": (incidents.NotTold, set()),
    "incidents.claim": (incidents.WaitingDelivery, set()),
    "listening.listeners": (listening.ListenerRow, set()),
    "listening.in_hand": (listening.InHandRow, set()),
    "drafts.beside_of": (drafts.BesideRow, set()),
    "drafts.files_of": (drafts.DraftFileRow, set()),
    "drafts.take_files": (drafts.TakenFile, set()),
    "scheduled.look": (scheduled.ScheduledRow, set()),
    "scheduled.of_ticket": (scheduled.ScheduledRow, set()),
    "scheduled.lock": (scheduled.ScheduledNow, set()),
    "ways.talks_of": (ways.TalkRow, set()),
    "ways.addresses_of": (ways.AddressRow, set()),
    "ways.whose": (ways.WhoseRow, set()),
    "roles.list_roles": (roles.RoleRow, set()),
    "roles.role": (roles.RoleRow, set()),
    "audit.list": (audit.AuditRow, set()),
    "audit.check_seals": (audit.Seals, set()),
    "keys.list": (keys.KeyRow, set()),
    "keys.lock": (keys.KeyRow, set()),
    "privacy.customer_and_merged": (privacy.Forgettable, set()),
    "privacy.holds": (privacy.HoldRow, set()),
    "privacy.hold_of": (privacy.HoldRow, set()),
    "privacy.standing_of": (privacy.Standing, set()),
    "retention.list": (retention.PolicyRow, set()),
    "retention.take": (retention.PolicyRow, set()),
    "retention.runs": (retention.RunRow, set()),
    "retention.old_tickets": (retention.OldTicket, set()),
    "retention.old_customers": (retention.OldCustomer, set()),
    "retention.example_messages": (retention.Example, set()),
    "retention.example_customers": (retention.Example, set()),
    "exports.customer": (exports.ExportedCustomer, set()),
    "exports.identities": (exports.ExportedIdentity, set()),
    "exports.tickets": (exports.ExportedTicket, set()),
    "exports.entries": (exports.ExportedEntry, set()),
    "exports.files": (exports.ExportedFile, set()),
    "exports.tasks": (exports.ExportedTask, set()),
    "inbound.find_kept": (inbound.KeptRow, set()),
    "inbound.claim_raw": (inbound.ClaimedRow, set()),
    "inbound.find_people": (inbound.PersonRow, set()),
    "inbound.describe_people": (inbound.CustomerFacts, set()),
    "inbound.holders": (inbound.HolderRow, set()),
    "threads.find_threads": (threads.ThreadRow, set()),
    "threads.ticket_links": (threads.LinkRow, set()),
    "threads.reports_of": (threads.ReportRow, set()),
    "threads.moves_of": (threads.MovedRow, set()),
    "automation.claim": (automation.DueRow, set()),
    "automation.facts": (automation.FactsRow, set()),
    "automation.anchors": (automation.AnchorsRow, set()),
    "automation.runs_of_ticket": (automation.RunRow, set()),
    "automation.runs_of_rule": (automation.RunRow, set()),
    "automation.stopped": (automation.StoppedRow, set()),
    "dry_run.situations": (dry_run.SituationRow, set()),
    "dry_run.ledgers": (dry_run.LedgerRow, set()),
    "rulebook.versions": (rulebook.VersionRow, set()),
    "corrections.sorted_as": (corrections.SortedAs, set()),
    "corrections.corrections": (corrections.CorrectionRow, set()),
    "corrections.confusion": (corrections.ConfusionRow, set()),
    "corrections.uncertain": (corrections.UncertainRow, set()),
    "corrections.answers": (corrections.AnsweredRow, set()),
    "corrections.unquestioned": (corrections.UnquestionedRow, set()),
    "classifiers.models": (classifiers.ModelRow, set()),
    "classifiers.uses": (classifiers.UseRow, set()),
    "rulebook.version": (rulebook.VersionRow, set()),
    "rule_drafts.draft": (rule_drafts.DraftRow, set()),
    "rule_drafts.trial": (rule_drafts.TrialRow, set()),
    "reports.posted": (reports.PostedRow, set()),
    "reports.undeliverable": (reports.UndeliverableRow, set()),
    "participants.participants_of": (participants.ParticipantRow, set()),
    "inbound.lock_agents": (inbound.LockedAgent, set()),
    "inbound.lock_tickets": (inbound.LockedTicket, set()),
    "work.lock_ticket": (work.WorkedTicket, set()),
    "customers.care_of": (customers.CareRow, set()),
    "customers.lock_care": (customers.LockedCare, set()),
    "work.agents": (work.AgentNow, set()),
    "work.look_at_agents": (work.AgentNow, set()),
    "work.waiting": (work.WaitingRow, set()),
    "work.unexplained": (work.WaitingRow, set()),
    "work.waiting_ticket": (work.WaitingRow, set()),
    "work.in_hand": (work.InHandRow, set()),
    "work.next_by_time": (work.NextByTime, set()),
    "work.expected": (work.ExpectedRow, set()),
    "work.given_lately": (work.GivenRow, set()),
    "offers.offers_of": (offers.OfferCard, set()),
    "offers.list_offers": (offers.OfferRow, set()),
    "floor.left_behind": (floor.LeftRow, set()),
    "floor.unanswered": (floor.UnansweredRow, set()),
    "floor.agent_of_hand_over": (floor.Agent, set()),
    "floor.overflowing": (floor.OverflowRow, set()),
    "floor.waiting_sorts": (floor.SortRow, set()),
    "floor.unplaceable": (floor.UnplaceableRow, set()),
    "outbound.claim": (outbound.ClaimedReply, set()),
    "outbound.claim_overdue": (outbound.ClaimedReply, set()),
    "outbound.abandoned": (outbound.AbandonedReply, set()),
    "outbound.cancel": (outbound.CancelledReply, set()),
    "outbound.cancelled": (outbound.CancelledReply, set()),
    "outbound.answer_facts": (outbound.AnswerFacts, set()),
    "outbound.take_copies": (outbound.CopyRow, set()),
    "templates.list_templates": (templates.TemplateRow, set()),
    "templates.template": (templates.TemplateRow, set()),
    "templates.offered_on": (templates.TemplateRow, set()),
    "templates.find_template": (templates.TemplateRow, set()),
    "macros.list_macros": (macros.MacroRow, set()),
    "macros.offered_on": (macros.MacroRow, set()),
    "macros.macro": (macros.MacroRow, set()),
    "macros.take_run": (macros.RunTaken, set()),
    "followers.named": (followers.FollowerRow, set()),
    "templates.facts_of_ticket": (templates.TicketFacts, set()),
    "house.transcripts": (house.TranscriptRow, set()),
    "gathering.parts_of": (gathering.PartRow, set()),
    "talks.read": (talks.TalkRow, set()),
    "talks.tickets_in_work": (talks.InWorkRow, set()),
    "talks.take_try": (talks.TryRow, set()),
    "talks.linked_here": (talks.LinkedRow, set()),
    "side_letters.take": (side_letters.LetterRow, set()),
    "surveys.asked": (surveys.AskedRow, set()),
    "surveys.asked_by_id": (surveys.AskedRow, set()),
    "surveys.scores_of": (surveys.ScoreRow, set()),
    "versions.of": (versions.VersionRow, set()),
    "house.due_timers": (house.TimerRow, set()),
    "house.recall": (house.Recalled, set()),
    "targets.facts": (targets.FactsRow, set()),
    "targets.clocks": (targets.ClockRow, set()),
    "targets.segments": (targets.SegmentRow, set()),
    "targets.raise_priority": (targets.Raised, set()),
    "staff.session": (views.AgentRow, set()),
    "signin.holder": (signin.Holder, set()),
    "signin.sessions_of": (signin.SessionRow, set()),
    "signin.second_steps": (signin.SecondSteps, set()),
    "signin.passkeys_of": (signin.PasskeyRow, set()),
    "signin.passkey": (signin.LockedPasskey, set()),
    "signin.company_logins_of": (signin.CompanyLogin, set()),
    "signin.policy": (signin.PolicyRow, set()),
    "signin.look_at_step": (signin.Step, set()),
    "signin.finish": (signin.Step, set()),
    "views.list_agents": (views.AgentRow, set()),
    "views.timeline": (views.TimelineRow, {"attachments", "earlier"}),
    "views.attachments_of": (views.AttachmentRow, set()),
    "views.ticket_decisions": (views.DecisionRow, set()),
    "views.ticket_events": (views.EventRow, set()),
    "views.list_customers": (views.CustomerRow, {"identities"}),
    "views.these_customers": (views.CustomerRow, {"identities"}),
    "views.get_customer": (views.CustomerRow, {"identities"}),
    "views.list_queues": (views.QueueRow, set()),
    "views.list_channels": (views.ChannelRow, set()),
    "views.list_quarantine": (views.QuarantineRow, set()),
    "views.troubled_deliveries": (views.TroubledRow, set()),
    "views.backlog": (views.BacklogRow, set()),
    "agents.list_details": (agents.AgentDetails, set()),
    "agents.details": (agents.AgentDetails, set()),
    "wallboard.queues_now": (wallboard.QueueNow, set()),
    "wallboard.needs_now": (wallboard.NeedsNow, set()),
    "wallboard.agents_now": (wallboard.AgentOnFloor, set()),
    "wallboard.today": (wallboard.Today, set()),
    "wallboard.answered_lately": (wallboard.AnsweredRow, set()),
    "wallboard.line_now": (wallboard.LineRow, set()),
    "channels.desk_channels": (channels.ConfigRow, set()),
    "channels.pulses": (channels.PulseRow, set()),
    "channels.last_probe": (channels.ProbeRow, set()),
    "channels.last_heard": (channels.SilenceRow, set()),
    "channels.gaps": (channels.GapRow, set()),
    "channels.arrival_of_letter": (channels.ArrivalRow, set()),
    "channels.next_arrival": (channels.ArrivalRow, set()),
    "own_fields.own_fields": (own_fields.FieldRow, set()),
    "own_fields.whose_ticket": (own_fields.Whose, set()),
    "own_fields.whose_customer": (own_fields.Whose, set()),
    "first_steps.facts": (first_steps.Facts, set()),
    "tags.list_tags": (tags.TagRow, set()),
    "tags.tag_looks": (tags.TagLook, set()),
    "search.entry_hits": (search.EntryHit, set()),
    "search.customer_hits": (search.CustomerHit, set()),
    "search.organisation_hits": (search.OrganisationHit, set()),
    "search_fill.take_turn": (search_fill.Left, set()),
    "mailboxes.last_count": (mailboxes.LastCountRow, set()),
    "mailboxes.mailboxes": (mailboxes.MailboxRow, set()),
    "mailboxes.counts": (mailboxes.CountRow, set()),
    "history.turns": (history.TurnRow, set()),
    "history.staff_of_now": (history.StaffRow, set()),
    "history.presence_of": (history.PresenceRow, set()),
    "history.claim": (history.ClaimedSimulation, set()),
    "history.simulation": (history.SimulationRow, set()),
    "history.simulations": (history.SimulationEntry, set()),
    "notices.staff": (notices.StaffRow, set()),
    "notices.tickets": (notices.ToldTicket, set()),
    "notices.notes": (notices.NoteRow, set()),
    "notices.answers": (notices.AnswerRow, set()),
    "notices.queues": (notices.QueueNamed, set()),
    "notices.list": (notices.NoticeRow, set()),
    "tasks.queue": (tasks.QueueRow, set()),
    "tasks.lock": (tasks.LockedTask, set()),
    "tasks.due": (tasks.DueTask, set()),
    "tasks.steps": (tasks.StepRow, set()),
    "tasks.counts": (tasks.CountsRow, set()),
    **dict.fromkeys(TASK_LISTS, (tasks.TaskRow, set())),
    "webhooks.facts": (webhooks.CallFacts, set()),
    "webhooks.claim": (webhooks.ClaimedCall, set()),
    "webhooks.settle": (webhooks.SettledRow, set()),
    "webhooks.lock": (webhooks.LockedWebhook, set()),
    "webhooks.list": (webhooks.WebhookRow, set()),
    "webhooks.calls": (webhooks.CallRow, set()),
    "webhooks.backlog": (webhooks.BacklogRow, set()),
}


@pytest.fixture
async def connection(database_dsn: str) -> Any:
    made = await asyncpg.connect(database_dsn)
    yield made
    await made.close()


async def test_each_prepares_and_fills_its_dataclass(connection: asyncpg.Connection) -> None:
    wrong = {}
    for name, sql in QUERIES.items():
        prepared = await connection.prepare(sql)
        if name in ROWS:
            row, elsewhere = ROWS[name]
            columns = sorted(attribute.name for attribute in prepared.get_attributes())
            fields = sorted({field.name for field in dataclasses.fields(row)} - elsewhere)
            if columns != fields:
                wrong[name] = (columns, fields)
    assert wrong == {}
    assert set(ROWS) <= set(QUERIES)


def test_every_list_that_is_given_as_columns_fits_its_query() -> None:
    """As many parameters in the text as there are, none left out."""
    for name, sql in QUERIES.items():
        numbers = {int(number) for number in re.findall(r"\$(\d+)", sql)}
        assert numbers == set(range(1, len(numbers) + 1)), name


@pytest.mark.parametrize(
    "module",
    [
        audit, exports, keys, privacy, retention, roles, sight,
        acknowledge, agents, feed_marks, floor, follow, gate, gathering, history, house, inbound, live, notices, offers,
        outbound, participants, reports, side_letters, staff, surveys, talks, targets, tasks, templates, threads, versions,
        wallboard, webhooks, work,
    ],
)  # fmt: skip
def test_no_query_is_left_over(module: Any) -> None:
    """Whoever renames one finds every use; whoever removes the last use removes the query."""
    source = Path(module.__file__).read_text()
    unused = [block for block in module.SQL if f'"{block}"' not in source]
    assert unused == []


# A table big enough that a scan of it would be the wrong plan, and known as such to the planner.
_FILL = """
INSERT INTO channel (name, kind) SELECT 'c' || n, 'api' FROM generate_series(1, 4) n;
INSERT INTO queue (name, title_en, title_zh) VALUES ('q', 'Q', 'Q');
INSERT INTO customer (name) SELECT 'c' || n FROM generate_series(1, 3000) n;
INSERT INTO identity (customer_id, kind, value, verified)
    SELECT id, 'email', 'c' || id || '@example.com', id % 2 = 0 FROM customer;
INSERT INTO agent (login, name, password_hash) SELECT 'a' || n, 'A', 'x' FROM generate_series(1, 20) n;
INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, status, assignee_id, waiting_why)
    SELECT id, 1 + id % 4, 's', 'enquiry', (SELECT min(id) FROM queue),
           CASE WHEN id % 10 = 0 THEN 'open' ELSE 'closed' END,
           CASE WHEN id % 20 <> 0 THEN (SELECT min(a.id) + c.id % 20 FROM agent a) END, '{}' FROM customer c;
INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, text, thread_key)
    SELECT t.id, n, t.customer_id, 1, 'message', 'in', 'x', 'k' || t.id FROM ticket t, generate_series(1, 5) n;
INSERT INTO thread_ref SELECT 'mail', 'm' || id, id FROM ticket;
INSERT INTO inbound_raw (channel_id, external_key, content, received_at, state)
    SELECT 1, 'k' || n, 'x', now(), CASE WHEN n % 500 = 0 THEN 'received' ELSE 'read' END FROM generate_series(1, 10000) n;
INSERT INTO inbound_key SELECT channel_id, external_key, id FROM inbound_raw;
INSERT INTO outbox (ticket_id, interaction_id, channel_id, message, message_id, state)
    SELECT ticket_id, id, 1, '{}', 'm' || id, CASE WHEN id % 997 = 0 THEN 'queued' ELSE 'sent' END FROM interaction;
INSERT INTO event (ticket_id, seq, kind) SELECT ticket_id, seq, 'interaction_added' FROM interaction;
INSERT INTO timer (kind, ticket_id, due_at, version, fired_at) SELECT 'close_resolved', id, now(), 1, now() FROM ticket;
INSERT INTO sla_rules VALUES ('now', 2);
INSERT INTO sla_clock (ticket_id, target, cycle, state, because, started_at, since, ended_at, minutes, calendar, warn_share,
                       escalates, named_by, rules_version, due_at, next_at, version)
    SELECT id, 'resolution', 1, CASE WHEN open THEN 'running' ELSE 'met' END, 'opened', now(), now(),
           CASE WHEN NOT open THEN now() END, 60, 'office', 80, true, 'usual', 2, now(),
           CASE WHEN open THEN now() + id * interval '1 s' END, 1
    FROM (SELECT id, status = 'open' AS open FROM ticket) t;
INSERT INTO sla_segment
    SELECT ticket_id, target, cycle, n, now() + n * interval '1 s', now() + n * interval '2 s', 'running', 'opened'
    FROM sla_clock, generate_series(1, 3) n;
INSERT INTO notice (agent_id, kind, cause, read_at)
    SELECT (SELECT min(id) FROM agent) + n % 20, 'rule', 'c' || n, CASE WHEN n % 50 > 0 THEN now() END
    FROM generate_series(1, 5000) n;
INSERT INTO task (ticket_id, title, due_at, assignee_id, queue_id, state, ended_at)
    SELECT id, 't', now() + id * interval '1 s', assignee_id, queue_id, CASE WHEN id % 10 > 0 THEN 'done' ELSE 'open' END,
           CASE WHEN id % 10 > 0 THEN now() END
    FROM ticket;
INSERT INTO task_step (task_id, what) SELECT id, 'made' FROM task;
INSERT INTO webhook (name, url, sealed) SELECT 'w' || n, 'u', '' FROM generate_series(1, 3) n;
INSERT INTO webhook_call (webhook_id, event, cause, body, state, settled_at)
    SELECT w.id, 'test', 'c' || n, '{}', CASE WHEN n > 4990 THEN 'queued' ELSE 'sent' END, CASE WHEN n <= 4990 THEN now() END
    FROM webhook w, generate_series(1, 5000) n;
INSERT INTO session (token_hash, agent_id, expires_at)
    SELECT sha256(n::text::bytea), (SELECT min(id) FROM agent), now() FROM generate_series(1, 3000) n;
ANALYZE;
"""

# (query, tables that are never read from end to end, arguments as SQL)
_HOT: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    (
        "outbox claim",
        "outbound.claim",
        ("outbox", "ticket"),
        "'{1}', 8, gen_random_uuid(), 900, 'hub_events'",
    ),
    ("old tickets", "retention.old_tickets", ("ticket",), "'now', 1, 365, 25"),
    ("old customers", "retention.old_customers", ("customer", "ticket"), "'now', 1, 365, 50"),
    ("old originals", "retention.empty_raw", ("inbound_raw", "ticket"), "1, 365, 500"),
    ("old events", "retention.drop_events", ("event", "ticket"), "1, 365, 500"),
    ("replies to give up", "outbound.claim_overdue", ("outbox", "ticket"), "gen_random_uuid(), 20, 8"),
    ("originals passed over", "retention.empty_raw_later", ("inbound_raw", "ticket"), "500"),
    ("events passed over", "retention.drop_events_later", ("event", "ticket"), "365, 25"),
    ("notices of a ticket", "privacy.drop_notices", ("notice",), "'{1}'"),
    ("calls about a ticket", "privacy.empty_calls", ("webhook_call",), "'{1}'"),
    ("references of a ticket", "privacy.forget_references", ("thread_ref",), "'{1}'"),
    ("citations of entries", "privacy.forget_citations", ("cited_ref",), "'{1}'"),
    ("old entries", "privacy.entries_of", ("interaction",), "'{1,2}'"),
    ("files of entries", "privacy.drop_files", ("attachment",), "'{1,2}'"),
    ("copies of letters", "privacy.empty_raw", ("inbound_raw",), "'{1,2}'"),
    ("acts", "audit.list", ("audit",), "100"),
    ("abandoned", "outbound.abandoned", ("outbox", "ticket"), ""),
    ("inbound claim", "inbound.claim_raw", ("inbound_raw",), "50, 20, 1000000"),
    ("posted", "reports.posted", ("outbox",), "'{m1}', '{1}'"),
    ("also reached", "threads.also_reached", ("inbound_raw", "interaction"), "'{1}'"),
    ("reports", "threads.reports_of", ("recipient_report",), "'{1}'"),
    ("moves", "threads.moves_of", ("moved_entry", "move", "ticket"), "'{1}'"),
    ("links", "threads.ticket_links", ("ticket_link", "ticket"), "1"),
    (
        "people of letters",
        "participants.add_participants",
        ("participant", "ticket", "identity"),
        "'{1}', '{c2@example.com}', '{C}', '{copied}', 40",
    ),
    (
        "remember",
        "threads.remember",
        ("thread_ref", "cited_ref"),
        "'{m1}', '{1}', '{1}', '{1}', '{2}', '{also}'",
    ),
    (
        "people",
        "inbound.find_people",
        ("identity",),
        "'{email,email}', '{c1@example.com,c2@example.com}', '{f,t}'",
    ),
    ("facts", "inbound.describe_people", ("customer", "ticket", "identity"), "'{1,2,3}'"),
    (
        "threads",
        "threads.find_threads",
        ("thread_ref", "ticket", "outbox", "identity", "participant", "cited_ref"),
        "'{mail}', '{m7}', '{1}', '{10019}', '{m9}', '{x}', '{c2@example.com}', '{1}', '{c2@example.com}', '{now}', '{10}'",
    ),
    ("kept", "inbound.find_kept", ("inbound_key", "inbound_raw", "ticket"), "'{1}', '{k1}'"),
    ("settle raw", "inbound.settle_raw", ("inbound_raw",), "'{1}', '{read}', '{\"\"}', '{1}', '{1}', '{1}'"),
    ("ticket timeline", "views.ticket_timeline", ("interaction", "outbox", "ticket"), "1, 0, 50"),
    (
        "customer timeline",
        "views.customer_timeline",
        ("interaction", "outbox", "ticket"),
        "1, 9000000000000000000, 50",
    ),
    (
        "filtered timeline",
        "customer_timeline.filtered",
        ("interaction", "outbox", "ticket"),
        "1, 9000000000000000000, 0, '', '{}', '', '', 50",
    ),
    ("open pairs", "customer_pairs.open_pairs", ("customer", "ticket"), "'infinity', 1, 1, 30"),
    ("incidents of a ticket", "incidents.of_ticket", ("incident", "incident_ticket"), "1"),
    ("listeners", "listening.listeners", ("listening", "ticket"), "1"),
    ("next to be told", "incidents.claim", ("incident_delivery", "ticket"), ""),
    ("transcripts", "house.transcripts", ("interaction",), "1, '{k1,k2}', '{0,7}', '{1,2}', '{5,7}'"),
    ("timers", "house.due_timers", ("timer", "ticket"), "100"),
    ("clocks due", "targets.due", ("sla_clock", "ticket"), "100"),
    ("clocks of older rules", "targets.promised_by_older_rules", ("sla_clock", "ticket"), "'now', 100"),
    ("clocks", "targets.clocks", ("sla_clock",), "'{1,2,3}'"),
    ("segments", "targets.segments", ("sla_clock", "sla_segment"), "'{1,2,3}'"),
    ("facts of promises", "targets.facts", ("ticket", "customer"), "'{1,2,3}', 'now'"),
    ("letters", "work.last_letters", ("interaction", "thread_ref"), "1"),
    ("answer facts", "outbound.answer_facts", ("ticket", "interaction"), "1, 1"),
    ("copies", "outbound.take_copies", ("outbox",), "1, 20"),
    ("cancel", "outbound.cancel", ("outbox",), "1"),
    (
        "settle",
        "outbound.settle",
        ("outbox", "ticket", "thread_ref"),
        "1, gen_random_uuid(), 'sent', '', 'x', 0, 'y', false, '{a@b.example}', 0, 'hub_events'",
    ),
    ("leave", "outbound.leave", ("outbox",), "'{1}', gen_random_uuid(), 60"),
    ("ticket facts", "templates.facts_of_ticket", ("ticket", "interaction"), "10019"),
    ("said since", "work.said_since", ("event",), "1, 2, 3"),
    ("unexplained", "work.unexplained", ("ticket",), ""),
    ("any waiting", "work.any_waiting", ("ticket",), ""),
    ("waiting", "work.waiting", ("ticket", "customer", "sla_clock", "offer"), "3, 2, '{1}', '{q}', 100"),
    ("in hand", "work.in_hand", ("ticket", "sla_clock"), "'{1,2}'"),
    ("next by time", "work.next_by_time", ("ticket",), "now(), '{q}', '{now}'"),
    ("falling silent", "live.falling_silent", ("timer", "ticket"), "100"),
    ("silent", "live.take_silent", ("timer", "ticket"), "100, '{1}', 300"),
    ("queues now", "wallboard.queues_now", ("ticket", "sla_clock"), ""),
    ("needs now", "wallboard.needs_now", ("ticket",), ""),
    ("agents now", "wallboard.agents_now", ("ticket", "offer"), ""),
    ("today", "wallboard.today", ("ticket", "sla_clock"), "now()"),
    ("answered lately", "wallboard.answered_lately", ("ticket", "assignment"), "3600"),
    ("line", "wallboard.line_now", ("ticket", "sla_clock"), "now()"),
    ("left behind", "agents.open_tickets_of", ("ticket",), "1"),
    ("offers that end", "offers.overdue", ("offer",), "100"),
    ("the next end", "offers.next_end", ("offer",), ""),
    ("offers of an agent", "offers.offers_of", ("offer", "ticket", "customer"), "1"),
    ("accept", "offers.accept", ("offer", "ticket"), "1, 1, '{}'"),
    ("put back", "offers.put_back", ("offer", "ticket"), "'{1}', 'declined', '{}', 1"),
    ("overflowing", "floor.overflowing", ("ticket", "routing_decision"), "'{q}', '{r}', '{1}'"),
    ("next overflow", "floor.next_overflow", ("ticket", "routing_decision"), "'{q}', '{r}', '{1}'"),
    ("leavers", "floor.leavers", ("ticket",), "'{q}', '{1}'"),
    ("next leaving", "floor.next_leaving", ("ticket",), "'{q}', '{1}'"),
    ("sorts", "floor.waiting_sorts", ("ticket",), ""),
    ("unplaceable", "floor.unplaceable", ("ticket",), "100"),
    ("feed", "events.feed_after", ("event", "ticket"), "'1', 1, 500, NULL"),
    ("end of the feed", "events.feed_end", ("event",), "'9'"),
    ("what waits", "settled.is_held_up", ("event",), "'1', 1"),
    ("what waits behind a mark", "settled.is_mark_held_up", ("event", "feed_mark"), "'notices'"),
    ("session", "staff.session", ("session",), "'\\x00', 60"),
    ("passkey", "signin.passkey", ("passkey",), "'\\x00'"),
    ("second step", "signin.look_at_step", ("sign_in_step",), "'\\x00', 'second'"),
    ("company account", "signin.use_company_login", ("company_login",), "'https://x', 'y', 'z'"),
    ("touched since", "history.touched", ("ticket",), "'now', 1, 500"),
    (
        "turns",
        "history.turns",
        ("interaction", "ticket", "event", "routing_decision", "customer", "outbox"),
        "'{1,2,3}', 'now', 'now'",
    ),
    ("who was on line", "history.presence_of", ("event",), "1, 'now', 'now'"),
    ("next simulation", "history.claim", ("simulation",), "gen_random_uuid(), 60"),
    ("ledger", "feed_marks.after", ("event",), "'1', 1, '{sla_breached}', 2000, NULL"),
    ("told", "notices.list", ("notice", "ticket"), "1, now(), 0, 50"),
    ("not read", "notices.unread", ("notice",), "1, 100"),
    ("counted in", "notices.fold", ("notice",), "'{1}', '{rule}', '{3}', 600"),
    ("ticket was seen", "notices.mark_ticket_read", ("notice", "ticket"), "1, 10019, 'x'"),
    *(
        (
            f"tasks {number}",
            name,
            ("task", "ticket", "customer"),
            "1, now(), 0, 50" if "$4" in QUERIES[name] else "10019",
        )
        for number, name in enumerate(TASK_LISTS)
    ),
    ("tasks due", "tasks.due", ("task",), "500"),
    ("put off until now", "snooze.wake_due", ("ticket",), "100"),
    ("steps", "tasks.steps", ("task_step",), "1"),
    ("calls to make", "webhooks.claim", ("webhook_call",), "32, gen_random_uuid(), 30"),
    ("calls without a sender", "webhooks.abandoned", ("webhook_call",), ""),
    ("what rules hear", "automation.take_in", ("event", "feed_mark"), "'{ticket_opened}', 2000, NULL"),
    ("waits that are over", "automation.take_in_waits", ("automation_timer",), "200"),
    ("waits anew", "automation.take_in_plan", ("ticket",), "200"),
    ("rules' next", "automation.claim", ("automation_due",), "200"),
    (
        "rules' facts",
        "automation.facts",
        ("ticket", "event", "interaction", "attachment"),
        "'{1,2}', '{1,1}', true, true",
    ),
    ("rules' waits", "automation.anchors", ("ticket", "event", "interaction", "outbox"), "'{1,2}'"),
    ("rules' visits", "automation.visits", ("automation_run",), "1, 'a'"),
    ("rules that ran", "automation.ran_for_events", ("automation_run",), "'{1}', '{a}', '{1}'"),
    ("waits that ran", "automation.ran_for_waits", ("automation_run",), "'{1}', '{a}', '{now}'"),
    ("runs of a ticket", "automation.runs_of_ticket", ("automation_run", "ticket"), "1, 50"),
    ("runs of a rule", "automation.runs_of_rule", ("automation_run", "ticket"), "'a', 50"),
    ("tried on", "dry_run.touched", ("ticket",), "now(), 500000"),
    ("tried ledgers", "dry_run.ledgers", ("event", "interaction", "attachment"), "'{1,2}', true"),
    ("calls to give up", "webhooks.give_up", ("webhook_call",), ""),
    ("last calls", "webhooks.calls", ("webhook_call", "ticket"), "1, 4000, 50"),
)


async def test_no_hot_query_reads_a_table_from_end_to_end(filled: asyncpg.Connection) -> None:
    """With the settings of our own sessions, and with a plan that does not know the arguments."""
    await filled.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    wrong = {}
    for what, name, tables, arguments in _HOT:
        plan = await _plan(filled, QUERIES[name], arguments)
        # A partition's name begins with that of its table.
        scanned = re.findall(r"Seq Scan on (\w+)", plan)
        if [table for table in scanned if any(re.fullmatch(rf"{one}(_\w+)?", table) for one in tables)]:
            wrong[what] = plan
    assert wrong == {}


async def _plan(connection: asyncpg.Connection, query: str, arguments: str) -> str:
    await connection.execute(f"PREPARE q AS {query}")
    lines = await connection.fetch(f"EXPLAIN EXECUTE q{f'({arguments})' if arguments else ''}")
    await connection.execute("DEALLOCATE q")
    return "\n".join(line[0] for line in lines)


@pytest.fixture
async def filled(database_dsn: str) -> Any:
    made = await asyncpg.connect(database_dsn)
    await made.execute(_FILL)
    yield made
    await made.close()


async def test_what_is_due_is_found_at_the_end_of_its_index_that_is_due(filled: asyncpg.Connection) -> None:
    """Asked every second or so. By a clock that ticks while it is read, all that waits would be read each time; that is no scan
    of the table."""
    await filled.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    wrong = {}
    for name, arguments, index, column in (
        ("house.due_timers", "100", "timer_due", "due_at"),
        ("live.falling_silent", "100", "timer_due", "due_at"),
        ("live.take_silent", "100, '{1}', 300", "timer_due", "due_at"),
        ("snooze.wake_due", "100", "ticket_snoozed", "snoozed_until"),
        ("tasks.due", "500", "task_due", "due_at"),
        ("targets.due", "100", "sla_clock_next", "next_at"),
        ("outbound.claim_overdue", "gen_random_uuid(), 20, 8", "outbox_overdue", "give_up_at"),
        ("webhooks.give_up", "", "webhook_call_giving_up", "give_up_at"),
        ("automation.take_in_waits", "200", "automation_timer_due", "due_at"),
        ("chat.due", "100, 60", "chat_look", "look_at"),
        ("offers.overdue", "100", "offer_expiring", "expires_at"),
        ("scans.claim", "60", "file_scan_waiting", "due_at"),
    ):
        plan = await _plan(filled, QUERIES[name], arguments)
        if not re.search(rf" {index} .*\n +Index Cond: \({column} <= now\(\)\)", plan):
            wrong[name] = plan
    assert wrong == {}


async def test_lists_come_from_the_index_of_what_is_asked_for(filled: asyncpg.Connection) -> None:
    """A full walk of another one is no scan of the table, and grows with the years all the same."""
    await filled.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    start = "'9999-01-01', 9000000000000000000, NULL, 50"
    wanted = (
        (views.listing("all"), f"{start}, NULL", "ticket_in_work"),
        (views.listing("unassigned"), f"{start}, NULL", "ticket_in_work"),
        (views.listing("all", ("closed",)), f"{start}, NULL", "ticket_recent"),
        # Either is short: what one agent has, or what is in work.
        (views.listing("mine"), f"{start}, 1", "ticket_mine|ticket_in_work"),
        (views.listing("all", tagged=True), f"{start}, NULL, 'vip'", "ticket_tags"),
        (views.listing("mine", tagged=True), f"{start}, 1, 'vip'", "ticket_tags"),
    )
    for query, arguments, index in wanted:
        plan = await _plan(filled, query, arguments)
        assert re.search(rf" ({index}) ", plan) and "Seq Scan on ticket" not in plan, plan
    acts, offers = QUERIES["audit.list"], QUERIES["offers.list_offers"]
    for query, asked, index in (
        (acts, {"agent_id = ?": 1}, "audit_of_agent"),
        (acts, {"kind = ?": "x"}, "audit_of_kind"),
        (offers, {"o.agent_id = ?": 1}, "offer_of_agent"),
    ):
        text, values = asking(query, asked, first=3)
        plan = await _plan(filled, f"{text} ORDER BY 1 DESC LIMIT $2", f"9000, 50, '{values[0]}'")
        assert f" {index} " in plan, plan


async def test_what_ended_in_nobodys_hands_is_not_looked_for_among_all_that_ended(
    filled: asyncpg.Connection,
) -> None:
    """The chips of the desk can ask for it, and its list is read anew with each event."""
    await filled.execute(
        "UPDATE ticket SET status = 'closed', assignee_id = (SELECT min(id) FROM agent) WHERE id % 50 <> 0;"
        "UPDATE ticket SET status = 'closed', assignee_id = NULL WHERE id % 50 = 0; ANALYZE ticket;"
        "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan"
    )
    reader = Reader(agent_id=1, now=datetime.now(UTC))
    wanted = every(one_of("assignee", NOBODY), one_of("status", "resolved", "closed"))
    where, order = compile_where(wanted, reader), ticket_lists.ORDERS["updated"]
    query = f"SELECT t.id FROM ticket t WHERE {where} ORDER BY {order} LIMIT 50"
    plan = await _plan(filled, query, "'{resolved,closed}'")
    assert "ticket_over_unassigned" in plan, plan


async def test_what_an_agent_works_on_is_looked_for_among_few(filled: asyncpg.Connection) -> None:
    """Routing looks while it holds all agents: who has a thousand tickets costs it no more than who has ten."""
    await filled.execute(
        "UPDATE ticket SET status = 'open', live = false, assignee_id = (SELECT min(id) FROM agent); ANALYZE ticket;"
        "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan"
    )
    query = QUERIES["work.in_hand"].replace("$1", "ARRAY(SELECT id FROM agent)")
    plan = await filled.fetch(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) {query}")
    said = "\n".join(row[0] for row in plan)
    found = re.search(r"ticket_longest_in_hand.*actual rows=(\d+)", said)
    assert found and int(found[1]) <= 10, said


@pytest.mark.parametrize(
    ("name", "more", "before"),
    [
        ("floor.release", "'agent_gone', false", "assignee_id = 1"),
        ("work.give", "array_fill(false, ARRAY[300]), '{}'", "assignee_id = NULL"),
    ],
)
async def test_what_is_given_out_is_not_looked_for_among_all_that_is_given_out_with_it(
    filled: asyncpg.Connection, name: str, more: str, before: str
) -> None:
    """Eighteen thousand at once took longer than a statement may, and so were tried again for ever."""
    await filled.execute(
        f"UPDATE ticket SET status = 'open', live = false, {before};"
        "DELETE FROM event; UPDATE agent SET load = 1000; ANALYZE ticket;"
        # Large tables are not read whole for ten rows, and ten is what a plan reckons with.
        "SET plan_cache_mode = force_generic_plan; SET enable_hashjoin = off; SET enable_mergejoin = off"
    )
    numbers = [row["id"] for row in await filled.fetch("SELECT id FROM ticket LIMIT 300")]
    assert len(numbers) == 300
    given = (
        f"ARRAY{numbers}::bigint[], array_fill(1::bigint, ARRAY[300]), array_fill('{{}}'::text, ARRAY[300])"
    )
    await filled.execute(f"PREPARE q AS {QUERIES[name]}")
    lines = await filled.fetch(
        f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) EXECUTE q({given}, {more})"
    )
    plan = "\n".join(line[0] for line in lines)
    assert "actual rows=300" in plan, plan
    assert sum(map(int, re.findall(r"Removed by Join Filter: (\d+)", plan))) < 3000, plan


async def test_no_statement_of_a_hub_is_planned_each_time_that_it_runs(database_dsn: str) -> None:
    """The plans that are looked at here are those that run (docs/decisions/0008)."""
    async with a_hub(database_dsn, pool=1) as ctx:
        for turn in range(12):
            await say(ctx, who=BOB, key="k", text=f"{turn}")
            await make_ports(ctx, "plain").transcript.since("k", 0)
        found = await rows(
            ctx, "SELECT left(statement, 60) AS said FROM pg_prepared_statements WHERE custom_plans > 0"
        )
        assert found == []


async def test_to_take_up_the_next_answers_costs_the_same_however_many_wait(
    filled: asyncpg.Connection,
) -> None:
    """Hardly ever any do, and that is what the planner knows when, after an outage, there are thousands."""
    await filled.execute("UPDATE outbox SET state = 'sent'; UPDATE ticket SET seq = 5")
    await filled.execute("VACUUM ANALYZE outbox")
    await filled.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    await filled.execute(f"PREPARE next AS {QUERIES['outbound.claim']}")
    pages = []
    for many in (200, 2500):
        turn = filled.transaction()
        await turn.start()
        await filled.execute(
            """UPDATE outbox SET state = 'queued', give_up_at = now() + interval '1 day',
                      not_before = now() - id % 9999 * interval '1 ms'
               WHERE id IN (SELECT min(id) FROM outbox GROUP BY ticket_id ORDER BY 1 LIMIT $1)""",
            many,
        )
        said = await filled.fetchval(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE next ('{1}', 8, gen_random_uuid(), 20, 'x')"
        )
        plan = json.loads(said)[0]["Plan"]
        pages.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
        await turn.rollback()
        await filled.execute("VACUUM outbox")
    assert pages[1] < 2 * pages[0], pages


@pytest.mark.parametrize(
    "elsewhere",
    ["channel_id = 2, not_before = now() - interval '1 hour'", "not_before = now() + interval '1 hour'"],
)
async def test_to_take_up_the_next_answers_looks_at_none_that_wait_elsewhere_or_for_later(
    filled: asyncpg.Connection, elsewhere: str
) -> None:
    """Thousands are told at once by one mailbox, or wait for a relay that is away: each word there wakes every sender."""
    await filled.execute("INSERT INTO channel (name, kind) VALUES ('other', 'loopback')")
    number = await filled.fetchval("SELECT id FROM channel WHERE name = 'other'")
    await filled.execute(f"UPDATE outbox SET state = 'queued', {elsewhere.replace('= 2', f'= {number}')}")
    await filled.execute("VACUUM ANALYZE outbox")
    await filled.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    await filled.execute(f"PREPARE next AS {QUERIES['outbound.claim']}")
    said = await filled.fetchval(
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE next ('{1}', 8, gen_random_uuid(), 20, 'x')"
    )
    plan = json.loads(said)[0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 20, plan


# Indexes that hold open or waiting tickets alone, and the way to one ticket by its number.
_OF_OPEN_WORK = {
    "ticket_open", "ticket_in_hand", "ticket_waiting", "ticket_turned_down", "ticket_waiting_by_time", "ticket_unexplained",
    "ticket_waiting_for", "ticket_pkey",
}  # fmt: skip


async def test_the_wallboard_looks_at_open_work_alone(filled: asyncpg.Connection) -> None:
    """An index of all tickets, read from end to end, would do without a scan of the table, and grow with the years."""
    await filled.execute("UPDATE ticket SET status = 'resolved' WHERE status = 'closed'; ANALYZE ticket")
    await filled.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    for name, arguments in (("queues_now", ""), ("needs_now", ""), ("agents_now", ""), ("line_now", "now()")):
        plan = await _plan(filled, QUERIES[f"wallboard.{name}"], arguments)
        used = set(re.findall(r"(?:using|Bitmap Index Scan on) (ticket_\w+)", plan))
        assert used & (_OF_OPEN_WORK - {"ticket_pkey"}) and used <= _OF_OPEN_WORK, plan
    plan = await _plan(filled, QUERIES["views.list_queues"], "")
    assert "ticket_open" in plan, plan
    for name, arguments in (("answered_lately", "3600"), ("today", "now()")):
        plan = await _plan(filled, QUERIES[f"wallboard.{name}"], arguments)
        assert re.search(r"ticket_answered.*\n +Index Cond: \(last_out_at >", plan), plan
