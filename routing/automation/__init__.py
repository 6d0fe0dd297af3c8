"""Rules that do something when something happens, or when nothing does for long. Pure; `hub.actions.automation` runs them."""
