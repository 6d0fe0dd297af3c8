// What a page of the desk needs, each part in a file of its own. Order matters: page.js sets htmx up.
import "./zone.js";
import "./page.js";
import "./times.js";
import "./thread.js";
import "./recipients.js";
import "./compose.js";
import "./templates.js";
import "./toast.js";
import "./dialog.js";
import "./undo.js";
import "./moving.js";
import "./staff.js";
import "./rules.js";
import "./offers.js";
import "./notices.js";
import "./keys.js";
import "./live.js";
