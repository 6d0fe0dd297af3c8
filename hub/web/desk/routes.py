"""The desk's addresses: every one of them stands here, behind its door."""

from aiohttp import web

from hub.actions.context import Context
from hub.model.permissions import Permission
from hub.web.desk import (
    care,
    classification,
    customers,
    floor,
    mailboxes,
    offers,
    preferences,
    queues,
    system,
)
from hub.web.desk.admin import audit, keys, roles
from hub.web.desk.assets import show_asset
from hub.web.desk.errands import notices, tasks, webhooks
from hub.web.desk.errands.webhooks import for_admins
from hub.web.desk.letters.original import PICTURES, Originals
from hub.web.desk.live import live_route
from hub.web.desk.rules import drafts, entries, overview
from hub.web.desk.signin.routes import sign_in_routes
from hub.web.desk.simulate import pages as simulate
from hub.web.desk.staff import matrix
from hub.web.desk.staff import pages as staff
from hub.web.desk.tickets import acting, files, joining, moving, pages, sorting, tagging, writing
from hub.web.desk.visit import Handler, at_desk
from hub.web.desk.words import quick, templates

P = Permission


def desk_routes(ctx: Context) -> list[web.RouteDef]:
    """Everything below /desk."""
    originals = Originals(ctx)

    def get(
        path: str, handler: Handler, *, leads: bool = False, needs: Permission | None = None
    ) -> web.RouteDef:
        return web.get(f"/desk{path}", at_desk(ctx, handler, leads=leads, needs=needs))

    def post(
        path: str, handler: Handler, *, leads: bool = False, needs: Permission | None = None
    ) -> web.RouteDef:
        return web.post(f"/desk{path}", at_desk(ctx, handler, leads=leads, needs=needs))

    return [
        web.get("/desk/static/{hash}/{name:.+}", show_asset),
        *sign_in_routes(ctx),
        live_route(ctx),
        get("", pages.show_desk),
        get("/tickets/{code}", pages.show_ticket),
        get("/fragments/list", pages.show_list),
        get("/fragments/tickets/{code}/thread", pages.show_thread),
        get("/fragments/tickets/{code}/composer", pages.show_composer),
        get("/fragments/tickets/{code}/customer", pages.show_customer_pane),
        get("/fragments/tickets/{code}/colleagues", acting.show_colleagues),
        get("/fragments/tickets/{code}/tags", tagging.show_tag_choice),
        post("/tickets/{code}/tags", tagging.post_tags),
        get("/tickets/{code}/originals/{id}", originals.show),
        post("/tickets/{code}/replies", writing.post_reply),
        post("/tickets/{code}/notes", writing.post_note),
        post("/tickets/{code}/take", acting.post_take),
        post("/tickets/{code}/assign", acting.post_assign),
        post("/tickets/{code}/release", acting.post_release),
        post("/tickets/{code}/status", acting.post_status),
        get("/fragments/tickets/{code}/merge", joining.show_merge),
        post("/tickets/{code}/merge", joining.post_merge),
        get("/fragments/tickets/{code}/link", joining.show_link),
        post("/tickets/{code}/links", joining.post_link),
        post("/tickets/{code}/links/{other}/remove", joining.post_unlink),
        post("/tickets/{code}/links/{other}/undo", joining.post_undo_link),
        post("/tickets/{code}/links/{other}/again", joining.post_link_again),
        post("/tickets/{code}/undo/status", acting.post_undo_status),
        post("/tickets/{code}/undo/assignment", acting.post_undo_assignment),
        post("/tickets/{code}/undo/tags", tagging.post_undo_tags),
        post("/tickets/{code}/sort", sorting.post_sort),
        post("/tickets/{code}/deliveries/{id}/again", writing.post_send_again),
        post("/tickets/{code}/deliveries/{id}/cancel", writing.post_cancel),
        post("/tickets/{code}/deliveries/{id}/undo", writing.post_undo),
        post("/tickets/{code}/move", moving.post_move),
        post("/tickets/{code}/entries/{id}/adopt", moving.post_adopt),
        post("/tickets/{code}/people", moving.post_let_in),
        post("/tickets/{code}/people/remove", moving.post_let_out),
        post("/moves/{id}/undo", moving.post_undo_move),
        get("/fragments/tickets/{code}/quick", quick.show_quick),
        post("/tickets/{code}/templates/{id}", quick.post_filled),
        get("/templates", templates.show_templates),
        post("/templates", templates.post_template),
        post("/templates/preview", templates.post_preview),
        post("/templates/{id}/retire", templates.post_retire),
        get("/classification", classification.show_classification, leads=True),
        get("/fragments/classification", classification.show_state, leads=True),
        post("/classification/confirm", classification.post_confirm, leads=True),
        post("/classification/use", classification.post_use, leads=True),
        get("/mailboxes", mailboxes.show_mailboxes),
        get("/fragments/mailboxes", mailboxes.show_state),
        post("/mailboxes/{channel}/count", mailboxes.post_count),
        get("/attachments/{token}", files.get_attachment),
        get("/attachments/{token}/picture", files.get_picture),
        web.get(PICTURES + "/{signed}", originals.picture),
        get("/queues", queues.show_queues),
        get("/fragments/queues", queues.show_state),
        get("/floor", floor.show_floor),
        get("/fragments/floor", floor.show_state),
        get("/staff", staff.show_staff, leads=True),
        post("/staff", staff.post_new, leads=True),
        get("/staff/skills", matrix.show_skills, leads=True),
        get("/staff/queues", matrix.show_members, leads=True),
        post("/staff/{id}", staff.post_agent, leads=True),
        post("/staff/{id}/active", staff.post_active, leads=True),
        post("/staff/{id}/password", staff.post_password, leads=True),
        post("/staff/{id}/hand-over", staff.post_hand_over, leads=True),
        post("/staff/{id}/skill", matrix.post_skill, leads=True),
        post("/staff/{id}/queue", matrix.post_membership, leads=True),
        get("/roles", roles.show_roles, needs=P.MANAGE_ROLES),
        post("/roles", roles.post_new, needs=P.MANAGE_ROLES),
        get("/roles/new", roles.show_new, needs=P.MANAGE_ROLES),
        get("/roles/{name}", roles.show_role, needs=P.MANAGE_ROLES),
        post("/roles/{name}", roles.post_role, needs=P.MANAGE_ROLES),
        post("/roles/{name}/remove", roles.post_remove, needs=P.MANAGE_ROLES),
        get("/keys", keys.show_keys, needs=P.MANAGE_KEYS),
        post("/keys", keys.post_new, needs=P.MANAGE_KEYS),
        post("/keys/{id}", keys.post_change, needs=P.MANAGE_KEYS),
        post("/keys/{id}/revoke", keys.post_revoke, needs=P.MANAGE_KEYS),
        get("/audit", audit.show_audit, needs=P.SEE_AUDIT),
        get("/audit/export", audit.get_file, needs=P.SEE_AUDIT),
        get("/simulate", simulate.show_simulate, leads=True),
        post("/simulate", simulate.post_simulate, leads=True),
        get("/simulate/{id}", simulate.show_simulation, leads=True),
        post("/simulate/{id}/cancel", simulate.post_cancel, leads=True),
        get("/fragments/simulations/{id}", simulate.show_state, leads=True),
        get("/customers", customers.show_customers),
        get("/customers/{code}", customers.show_customer),
        get("/fragments/customers/{code}/timeline", customers.show_timeline),
        get("/customers/{code}/care", care.show_care),
        post("/customers/{code}/care", care.post_care),
        get("/system", system.show_system),
        get("/fragments/system", system.show_state),
        get("/fragments/badge", system.show_badge),
        get("/quarantine/{id}/raw", system.get_raw),
        post("/quarantine/{id}/replay", system.post_replay, leads=True),
        post("/quarantine/{id}/discard", system.post_discard, leads=True),
        post("/system/automation/{name}/resume", system.post_resume, leads=True),
        post("/system/deliveries/{id}/again", system.post_again, leads=True),
        post("/system/deliveries/{id}/cancel", system.post_cancel, leads=True),
        get("/rules", overview.show_overview),
        get("/rules/export", overview.get_file),
        post("/rules/upload", overview.post_file, leads=True),
        get("/rules/versions/{version}", overview.show_version),
        post("/rules/versions/{version}/restore", overview.post_restore, leads=True),
        get("/rules/draft", drafts.show_draft),
        get("/rules/draft/trial", drafts.show_trial),
        post("/rules/draft/trial", drafts.post_trial, leads=True),
        post("/rules/draft/publish", drafts.post_publish, leads=True),
        post("/rules/draft/discard", drafts.post_discard, leads=True),
        post("/rules/draft/rebase", drafts.post_rebase, leads=True),
        post("/rules/preview/calendar", entries.show_calendar_preview),
        get("/rules/preview/target", entries.show_target_preview),
        get("/rules/general", entries.show_general),
        post("/rules/general", entries.post_general, leads=True),
        get("/rules/new/{page}", entries.show_new),
        post("/rules/new/{page}", entries.post_new, leads=True),
        get("/rules/{page}", entries.show_list),
        get("/rules/{page}/{name}", entries.show_entry),
        post("/rules/{page}/{name}", entries.post_entry, leads=True),
        post("/rules/{page}/{name}/remove", entries.post_remove, leads=True),
        post("/rules/{page}/{name}/move", entries.post_move, leads=True),
        post("/rules/automation/{name}/switch", entries.post_switch, leads=True),
        post("/rules/automation/{name}/resume", entries.post_resume, leads=True),
        get("/notices", notices.show_notices),
        get("/notices/latest", notices.show_latest),
        post("/notices/kinds", notices.post_kinds),
        post("/notices/read", notices.post_all_read),
        post("/notices/{id}/read", notices.post_read),
        get("/fragments/notices", notices.show_list),
        get("/fragments/bell", notices.show_sheet),
        get("/fragments/bell/count", notices.show_count),
        get("/tasks", tasks.show_tasks),
        get("/fragments/tasks", tasks.show_list),
        post("/tasks", tasks.post_new),
        get("/tasks/{task}", tasks.show_task),
        post("/tasks/{task}/{step}", tasks.post_step),
        post("/tickets/{code}/tasks", tasks.post_on_ticket),
        get("/webhooks", for_admins(webhooks.show_webhooks)),
        get("/fragments/webhooks", for_admins(webhooks.show_state)),
        post("/webhooks", for_admins(webhooks.post_new)),
        post("/webhooks/{id}", for_admins(webhooks.post_change)),
        post("/webhooks/{id}/secret", for_admins(webhooks.post_secret)),
        post("/webhooks/{id}/remove", for_admins(webhooks.post_remove)),
        post("/webhooks/{id}/test", for_admins(webhooks.post_test)),
        post("/webhooks/{id}/calls/{call}/again", for_admins(webhooks.post_again)),
        get("/preferences", preferences.show_preferences),
        post("/preferences", preferences.post_preferences),
        post("/preferences/signature", preferences.post_signature),
        post("/presence", preferences.post_presence),
        get("/fragments/presence", preferences.show_presence),
        post("/wrap-up/end", preferences.post_end_wrap_up),
        get("/fragments/offers", offers.show_offers),
        post("/offers/{id}/accept", offers.post_accept),
        post("/offers/{id}/decline", offers.post_decline),
    ]
