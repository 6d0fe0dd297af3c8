"""Tables of the rules as forms and back. Pure: what a form says is reshaped here; whether it can be used says `load_rules`."""
