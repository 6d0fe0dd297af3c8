"""What codes are called on screen. Codes are stored and sent; sentences are made here alone."""

from collections.abc import Mapping

from channels.email.doubts import WARNING as DMARC_FAILED
from hub.actions.failures import ActionFailure
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.signin import REFUSALS
from hub.web.refusals import note_told

KINDS: Mapping[str, str] = {
    "complaint": N_("Complaint"),
    "feedback": N_("Feedback"),
    "enquiry": N_("Enquiry"),
    "request": N_("Request"),
}

STATUSES: Mapping[str, str] = {
    "open": N_("Open"),
    "pending": N_("Waiting for customer"),
    "resolved": N_("Resolved"),
    "closed": N_("Closed"),
}

STATUSES_DONE: Mapping[str, str] = {
    "open": N_("The ticket is open again."),
    "pending": N_("The ticket waits for the customer."),
    "resolved": N_("The ticket is resolved."),
    "closed": N_("The ticket is closed."),
}
"""What is said when it was just done."""

PRIORITIES: Mapping[int, str] = {1: N_("Low"), 2: N_("Normal"), 3: N_("High"), 4: N_("Urgent")}

PRESENCES: Mapping[str, str] = {
    "online": N_("Online"),
    "busy": N_("Busy"),
    "away": N_("Away"),
    "offline": N_("Offline"),
}

CHANNEL_KINDS: Mapping[str, str] = {
    "email": N_("E-mail"),
    "webform": N_("Web form"),
    "webchat": N_("Web chat"),
    "telegram": N_("Telegram"),
    "api": N_("API"),
    "portal": N_("Customer's own page"),
    "loopback": N_("Loopback"),
}

CHANNEL_STATES: Mapping[str, str] = {
    "starting": N_("Starting"),
    "up": N_("Working"),
    "down": N_("Not reachable"),
    "misconfigured": N_("Wrong settings"),
    "retired": N_("No longer configured"),
}

DELIVERIES: Mapping[str, str] = {
    "queued": N_("Queued"),
    "sending": N_("Sending"),
    "sent": N_("Sent"),
    "failed": N_("Not delivered"),
    "uncertain": N_("Unclear whether it arrived"),
    "cancelled": N_("Cancelled"),
}

IDENTITIES: Mapping[str, str] = {
    "email": N_("E-mail"),
    "phone": N_("Telephone"),
    "telegram": N_("Telegram"),
    "visitor": N_("Chat visitor"),
    "external": N_("External number"),
}

AUTOMATIC: Mapping[str, str] = {
    "auto_reply": N_("Automatic reply"),
    "bounce": N_("Delivery report: not delivered"),
    "delayed": N_("Delivery report: delayed"),
    "list": N_("Mailing list"),
    "receipt": N_("Read receipt"),
    "loop": N_("Mail loop, stopped"),
    "acknowledgement": N_("Automatic acknowledgement"),
    "chat_missed": N_("What the visitor had not seen, by e-mail"),
    "chat_copy": N_("Copy of the conversation, by e-mail"),
    "rule": N_("Answered by a rule"),
    "survey": N_("Asked for a rating"),
}

THREAD_RULES: Mapping[str, str] = {
    "token": N_("Joined by the signed address of our reply"),
    "report": N_("Joined as a delivery report on our letter"),
    "reference": N_("Joined by the letter that it answers"),
    "cited": N_("Joined because it cites the same letters as this ticket"),
    "burst": N_("Joined because the same sender wrote again within minutes"),
    "conversation": N_("Joined by the conversation of its channel"),
    "number": N_("Joined by the ticket number in the subject"),
}

WARNINGS: Mapping[str, str] = {
    DMARC_FAILED: N_(
        "The sender's address could not be verified (DMARC failed). Check before you act on it."
    ),
}

FIELDS: Mapping[str, str] = {
    "email": N_("E-mail"),
    "phone": N_("Telephone"),
    "order_number": N_("Order number"),
    "kind": N_("Type"),
    "telegram_username": N_("Telegram name"),
    "files_not_fetched": N_("Files not fetched"),
    "passed_on_from": N_("Passed on from"),
}
"""What forms, channels and API callers commonly send beside the text. Other names are shown as they are."""

STEPS: Mapping[str, str] = {
    "classified": N_("Sorted"),
    "assigned": N_("Assigned by routing"),
    "manual": N_("Assigned by hand"),
    "released": N_("Back to the queue"),
    "offered": N_("Offered by routing"),
    "accepted": N_("Accepted"),
    "declined": N_("Declined"),
    "expired": N_("Not answered in time"),
    "withdrawn": N_("Offer taken back"),
    "overflow": N_("On to another queue"),
    "changed": N_("Changed by hand"),
    "by_rule": N_("By a rule"),
}

LINKS: Mapping[str, str] = {
    "refused": N_("names it, but its sender is not on it"),
    "closed": N_("goes on after it was closed"),
    "forwarded": N_("a letter was passed on"),
    "moved": N_("entries were moved"),
    "split": N_("entries were split off"),
    "also": N_("the same letter reached both"),
    "related": N_("related"),
    "duplicate": N_("this one is a duplicate of it"),
    "caused_by": N_("this one was caused by it"),
}
"""Why two tickets have to do with each other, seen from the one that was linked to the other."""

LINK_KINDS: Mapping[str, str] = {
    "related": N_("related to"),
    "duplicate": N_("a duplicate of"),
    "caused_by": N_("caused by"),
}
"""What people can say of a ticket and another."""

LINKS_BACK: Mapping[str, str] = {
    "duplicate": N_("it is a duplicate of this one"),
    "caused_by": N_("it was caused by this one"),
}
"""Seen from the other one, where that is something else."""

OUTCOMES: Mapping[str, str] = {
    "failed": N_("not delivered"),
    "delayed": N_("delayed"),
    "delivered": N_("delivered"),
}

PLACEHOLDER_WORDS: Mapping[str, str] = {
    "customer.name": N_("the customer's name"),
    "ticket.number": N_("the ticket's number"),
    "ticket.subject": N_("the ticket's subject"),
    "agent.name": N_("your name"),
    "inbox.address": N_("the inbox's address"),
    "today": N_("today's date"),
    "ticket.link": N_("a link to it on the customer's own page"),
}

INCIDENT_STATES: Mapping[str, str] = {
    "open": N_("Going on"),
    "monitoring": N_("Mended, watched"),
    "resolved": N_("Over"),
}

INCIDENT_TO: Mapping[str, str] = {
    "open": N_("It goes on"),
    "monitoring": N_("Mended: watch it"),
    "resolved": N_("It is over"),
}
"""What the buttons say."""

LEFT_OUT: Mapping[str, str] = {
    "claimed": N_("the address was only typed in, and nothing proves it"),
    "no_way_back": N_("no way back to them"),
    "closed": N_("all their tickets are closed"),
    "too_long": N_("the text is too long for their channel"),
    "stopped": N_("stopped before it was their turn"),
    "fault": N_(
        "something was broken in the hub (its log says more), or its database was put back from a copy"
    ),
    "out_of_sight": N_("their tickets are another team's: somebody who sees those tells them"),
}
"""Why somebody is not told of an incident."""

CUSTOMER_WORDS: Mapping[str, str] = {
    "name": N_("Name"),
    "language": N_("Language"),
    "organisation_id": N_("Organisation"),
    "segment": N_("Segment"),
    "owner_id": N_("Looked after by"),
}
"""What is known of a customer, as its columns are called."""

ENTRY_KINDS: Mapping[str, str] = {
    "messages": N_("Messages"),
    "notes": N_("Notes"),
    "calls": N_("Calls"),
    "surveys": N_("Surveys"),
    "events": N_("Events"),
}

DIRECTIONS: Mapping[str, str] = {
    "in": N_("From the customer"),
    "out": N_("To the customer"),
    "internal": N_("Among colleagues"),
}

ROLES: Mapping[str, str] = {
    "agent": N_("Agent"),
    "supervisor": N_("Supervisor"),
    "admin": N_("Administrator"),
}

CHAT_TOLD: Mapping[str, str] = {
    "withheld": N_(
        "Many letters about chats went to this address today. This one waits for room; the answer is in the chat."
    ),
}
"""By the field `chat` of an entry."""

FAILURES: Mapping[str, str] = {
    "not_resolved": N_("Only a resolved ticket is asked about."),
    "no_survey": N_("Nobody is asked for a rating here."),
    "asked_already": N_("They were asked already, or do not want to be."),
    "not_askable": N_("Nobody can be asked on this ticket now."),
    "bad_survey": N_("This survey cannot be kept so. Look at what you changed last."),
    "survey_name": N_("A survey needs a name of 100 characters at most."),
    "survey_question": N_("A survey needs its question, in one language at least."),
    "survey_low": N_("Choose up to which a score is low; the best cannot be."),
    "survey_further": N_(
        "Each further question needs its words in one language at least, and its choices if it is one of several, each once."
    ),
    "survey_reasons": N_("Each reason once, twelve at the most; one a line."),
    "survey_times": N_(
        "Minutes, up to 14 days; before asking again, up to 365 days; to answer, 1 to 90 days."
    ),
    "survey_follow_up": N_("Choose the queue in which the ticket is opened."),
    "survey_changed": N_("Somebody else has changed this survey meanwhile. Reload the page first."),
    "unknown_channel": N_("There is no such channel any more."),
    "report_too_long": N_("This is too long a time for one report. 400 days are the most."),
    "bad_article": N_("An article needs a title; title, summary and text have a longest length."),
    "article_changed": N_("Somebody else has changed this article meanwhile. Reload the page first."),
    "article_archived": N_("The article is archived. Restore it first."),
    "picture_too_large": N_("The picture is too large: 10 MB at the most."),
    "no_picture": N_(
        "This is no picture that can be shown: a PNG, JPEG, GIF or WebP of 40 million pixels at the most."
    ),
    "moving_picture": N_(
        "Pictures that move are not taken: nobody who reads could stop them. Take one picture of each step."
    ),
    "broken_picture": N_("The picture cannot be read. Save it anew and try again."),
    "picture_needs_words": N_(
        "Say for each picture what it shows, between the brackets: that is read to whoever does not see it."
    ),
    "too_many_pictures": N_("A text has 60 pictures at the most."),
    "no_such_category": N_("There is no such category any more."),
    "bad_category": N_("A category needs a title, in one language at least."),
    "secret_again": N_(
        "The server is another one: type the secrets again. Kept ones go only where they were meant for."
    ),
    "channel_changed": N_("Somebody else has changed this channel meanwhile. Reload the page first."),
    "field_changed": N_("Somebody else has changed this field meanwhile. Reload the page first."),
    "bad_channel_name": N_("A channel's name takes letters, digits, - and _, 40 at the most."),
    "channel_taken": N_("There is a channel of this name already."),
    "channel_in_file": N_("hub.toml has a channel of this name already."),
    "channel_was_other": N_(
        "A channel of another kind had this name once; its messages bear it. Choose another name."
    ),
    "probe_running": N_("A test message is on its way already."),
    "no_public_url": N_(
        "The provider has to know where to send you back to, and web.public_url is not set in hub.toml."
    ),
    "no_consent": N_("This channel needs no consent: it logs in with a password."),
    "consent_other": N_(
        "This consent was not asked for in this browser by you. Begin again on the page of channels."
    ),
    "consent_late": N_(
        "This consent was asked for more than a quarter of an hour ago. Begin again on the page of channels."
    ),
    "secrets_lost": N_(
        "The passwords of this channel were sealed with another key. Remove it and add it anew."
    ),
    "offer_over": N_("This offer is over: its time was up, or the ticket went to somebody else."),
    "failed": N_("This could not be done. Nothing was changed."),
    "not_found": N_("There is no such thing, or it is gone."),
    "not_a_ticket_number": N_("This is not a ticket number."),
    "changed_meanwhile": N_("Something new came in while you were writing."),
    "bad_segment": N_("A segment has 40 characters at the most."),
    "not_possible": N_("This is not possible now. Nothing was changed."),
    "no_way_back": N_("This ticket has no way back to the customer: its channel cannot send."),
    "closed": N_("The ticket is closed. Reopen it first."),
    "left_already": N_("The reply has already left, so it cannot be cancelled."),
    "login_refused": N_("The login or the password is wrong."),
    "too_many_tries": N_("Too many tries. Wait a moment, then try again."),
    "not_allowed": N_("You are not allowed to do this."),
    "empty": N_("There is no text yet."),
    "too_long": N_("The text is too long for this channel."),
    "too_much": N_("The files are too large together: 20 MB at the most."),
    "wrong_status": N_("The ticket cannot be moved to that status from where it is now."),
    "no_files": N_("This channel cannot carry files."),
    "bad_address": N_("One of the addresses is no e-mail address."),
    "too_many_copies": N_("An answer goes to 40 people beside the customer at the most."),
    "no_copies": N_("This channel sends no copies."),
    "no_such_way": N_("This way to the customer is gone. Choose another one."),
    "way_shut": N_("The customer cannot be reached this way now. Choose another one."),
    "way_claimed": N_(
        "Nobody has shown that this address is the customer's own. Tick the box to write to it all the same."
    ),
    "empty_file": N_("The file is empty."),
    "too_many_files": N_("A reply takes 30 files at the most."),
    "files_gone": N_("A file of this reply is gone. Remove it and attach it again."),
    "in_the_past": N_("This time is over already. Choose a later one."),
    "too_far": N_("A reply waits for a year at the most."),
    "no_such_time": N_("The clocks leave this hour out that day. Choose another one."),
    "too_many_scheduled": N_("Ten replies wait on this ticket already."),
    "settled_already": N_("It has left already, or was cancelled."),
    "not_our_inbox": N_("This inbox cannot answer here."),
    "template_taken": N_("There is a canned reply of this name in this language already."),
    "bad_template": N_("A canned reply needs a name and a text."),
    "bad_shortcut": N_("A shortcut is one word of letters, digits and . _ -, 30 at the most."),
    "bad_liquid": N_("The text cannot be read: look at its braces."),
    "shared_stays": N_("Others use this one, so it cannot become yours alone. Make a new one."),
    "fields_missing": N_("Fields that are asked for are still empty. Fill them in beside the ticket first."),
    "bad_field": N_("A field needs a label of 60 characters at the most."),
    "bad_choices": N_("A choice needs its choices, one a line, each once."),
    "too_many_fields": N_("There are sixty fields of this sort already."),
    "unknown_field": N_("There is no such field any more. Reload the page."),
    "bad_date": N_("This is no date."),
    "bad_choice": N_("This is not one of the choices."),
    "too_long_value": N_("A text has 1,000 characters at the most."),
    "bad_tag_look": N_("There is no such colour, or the description is longer than 200 characters."),
    "bad_tag": N_("A tag is one to forty characters on one line, without commas."),
    "too_many_tags": N_("The ticket has too many tags already."),
    "wrong_days": N_("Rules can be tried on the last 1 to 90 days."),
    "template_changed": N_("Somebody else has changed this canned reply meanwhile. Reload the page first."),
    "macro_taken": N_("There is a macro of this name already."),
    "bad_macro": N_("A macro needs a name."),
    "macro_changed": N_("Somebody else has changed this macro meanwhile. Reload the page first."),
    "nothing_to_do": N_("A macro writes or changes something: choose what."),
    "bad_acts": N_("Something of this macro is not possible."),
    "done_and_snoozed": N_("A ticket that is done is not snoozed: choose one of the two."),
    "note_stays": N_("A note is never taken back."),
    "keys_taken": N_("Two commands cannot go by the same keys."),
    "bad_keys": N_("A command goes by a key, Shift and a key, or two keys one after the other."),
    "not_an_address": N_("This is not an e-mail address."),
    "own_address": N_("This is one of our own addresses."),
    "not_a_participant": N_("Nobody with this address is on the ticket."),
    "nobody_forwarded": N_("This letter does not say whose letter it passes on."),
    "nothing_to_move": N_("Choose what is to be moved first."),
    "no_target": N_("Name the ticket it belongs on, or open a new one."),
    "not_on_ticket": N_("Not all of these entries are on this ticket any more."),
    "same_ticket": N_("They are on this ticket already."),
    "still_leaving": N_("A reply among them has not left yet: wait a moment, or cancel it."),
    "moved_on": N_("Some of these entries were moved on since, so this cannot be undone."),
    "added_since": N_("Something was added to the ticket since, so this cannot be undone."),
    "undone_already": N_("This was undone already."),
    "kind_changed_meanwhile": N_(
        "Somebody else has said meanwhile what it is. Look again before you change it."
    ),
    "unknown_kind": N_("There is no such kind of ticket."),
    "unknown_priority": N_("There is no such priority."),
    "unknown_queue": N_("There is no such queue any more. Reload the page."),
    "agent_changed": N_("Somebody else has changed this agent meanwhile. Reload the page first."),
    "bad_login": N_("A login takes letters, digits and . _ @ -, 64 at the most."),
    "login_taken": N_("There is an agent of this login already."),
    "bad_name": N_("A name needs 1 to 100 characters."),
    "bad_capacity": N_("This number is too small or too large."),
    "bad_number": N_("This is no number."),
    "unknown_skill": N_("The routing rules do not know this skill."),
    "bad_level": N_("A level is a number from 1 to 5."),
    "unknown_language": N_("The routing rules do not offer this language."),
    "unknown_calendar": N_("The routing rules do not know this calendar."),
    "bad_locale": N_("There is no such language of the screen."),
    "bad_role": N_("There is no such role."),
    "no_queue": N_("Choose a queue, or every queue."),
    "last_admin": N_("The last administrator stays one."),
    "own_account": N_("Nobody shuts themselves out."),
    "narrow_sight": N_("Only somebody who sees every ticket may do this: your role sees a part of them."),
    "bad_role_name": N_("A role's name has 1 to 60 characters."),
    "role_taken": N_("There is a role of this name already."),
    "too_many_roles": N_("There are too many roles already."),
    "built_in_role": N_("This role is always there as it is. Make one from it to change something."),
    "role_in_use": N_("Somebody has this role, or had it when they left. Give them another one first."),
    "role_changed": N_("Somebody else has changed this role meanwhile. Reload the page first."),
    "bad_key_name": N_("A key's name takes letters, digits and . _ -, 64 at the most."),
    "key_name_taken": N_("There is or was a key of this name already. Take another one."),
    "no_scope": N_("Choose what the key opens."),
    "bad_days": N_("It is kept longer than that at the least."),
    "bad_depth": N_("It cannot be taken away so."),
    "policy_changed": N_("Somebody else has changed this meanwhile. Look again first."),
    "number_differs": N_("This is not the customer's number. Type it as it stands above."),
    "on_hold": N_("There is a legal hold on them."),
    "still_in_work": N_("There are open tickets of theirs. Close them first."),
    "still_written_to": N_(
        "A reply to them has not left yet. Wait until it has, or cancel it in its ticket."
    ),
    "merged_away": N_("They were merged into another customer: it is that one that is anonymised."),
    "bad_reason": N_("A reason has 1 to 300 characters."),
    "past_moment": N_("This day is over already."),
    "key_changed": N_("Somebody else has changed this key meanwhile. Reload the page first."),
    "last_queue": N_("Who is in no queue works on every one: choose that, or another queue first."),
    "same_agent": N_("They have these tickets already."),
    "task_changed": N_("Somebody else has changed this task meanwhile."),
    "task_over": N_("The task is over. Open it again first."),
    "bad_moment": N_("This is no day and time."),
    "no_such_queue": N_("There is no such department."),
    "no_such_agent": N_("There is no such colleague."),
    "no_such_kind": N_("There is no such kind of notice."),
    "bad_webhook_name": N_("A webhook's name takes small letters, digits, - and _, 40 at the most."),
    "webhook_taken": N_("There is a webhook of this name already."),
    "bad_webhook_url": N_("A webhook's address is a web address without a name and password in it."),
    "webhook_needs_tls": N_("Only https:// is called, unless the settings allow private networks."),
    "webhook_changed": N_("Somebody else has changed this webhook meanwhile."),
    "not_failed": N_("Only a call that failed can be made again."),
    "no_draft": N_("You have no unpublished changes."),
    "calendar_in_use": N_("A calendar that would go is somebody's shifts. Give them others first."),
    "queue_in_use": N_("There is still work in a queue that would go. Move its tickets first."),
    "changed_since": N_("Something else happened to the ticket since, so this cannot be undone."),
    "merged_already": N_("This ticket was merged into another already."),
    "other_customer": N_("The two tickets are of different customers. Say that this is meant."),
    "too_many_entries": N_("The ticket has too many entries to be merged."),
    "bad_title": N_("An incident needs a title of 200 characters at the most."),
    "bad_state": N_("There is no such state."),
    "incident_changed": N_("Somebody else has changed this incident meanwhile. Reload the page first."),
    "not_attached": N_("The ticket is not on this incident."),
    "no_incident": N_("Choose an incident, or name a new one."),
    "same_customer": N_("This is the customer itself."),
    "customer_merged_already": N_("One of the two was merged already. Reload the page."),
    "anonymised": N_("What was known of this customer has been erased."),
    "merged_on": N_("They were merged into somebody else since: undo that first."),
    "customer_changed": N_("Somebody else has changed this customer meanwhile. Reload the page first."),
    "bad_language": N_("There is no such language."),
    "bad_identity": N_("This is no address or number of that kind."),
    "identity_known": N_("This is known of the customer already."),
    "identity_taken": N_(
        "It proves another customer. Whether both are one person is asked under “Perhaps the same”."
    ),
    "verified_already": N_("This is verified already."),
    "not_vouched": N_("No person vouched for it: the channel itself named the sender."),
    "no_such_organisation": N_("There is no such organisation any more. Reload the page."),
    "organisation_named": N_("There is an organisation of this name already."),
    "organisation_changed": N_(
        "Somebody else has changed this organisation meanwhile. Reload the page first."
    ),
    "linked_already": N_("The two tickets are linked already."),
    "not_linked": N_("Nobody has linked these two."),
    "nothing_chosen": N_("Choose tickets first."),
    "too_many_chosen": N_("200 tickets at the most are changed at once."),
    "bad_order": N_("There is no such thing to do."),
    "nothing_to_undo": N_("This cannot be taken back any more."),
    "no_view": N_("There is no such view any more."),
    "view_changed": N_("Somebody else has changed this view meanwhile. Reload the page first."),
    "bad_view": N_("A view needs a name of 60 characters at the most."),
    "too_many_views": N_("You have fifty views already. Remove one first."),
    "bad_filter": N_("Each condition needs a value."),
    "nobodys": N_("Give the ticket to somebody first."),
    "done_already": N_("The ticket is done: there is nothing to put off."),
    "file_infected": N_(
        "The virus scanner found something in this file. Nobody but an administrator can open it."
    ),
    "file_unchecked": N_("This file is still being checked for viruses. Try again in a few minutes."),
    "not_yours": N_("This page did not come from this hub. Reload it and try again."),
    **REFUSALS,
}


def say_failure(voice: Voice, failure: ActionFailure) -> str:
    """What the agent is told. A code that has no sentence yet is told in the action's own English."""
    note_told(failure.code)
    text = FAILURES.get(failure.code)
    return voice.say(text) if text else str(failure)
