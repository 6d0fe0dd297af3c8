"""The counter: what customers can ask of the hub itself in a channel that has commands and buttons.

`serve` says which of these a message is; `words` holds what is answered, in both languages; `follow` (tickets), `link`
(addresses and numbers) and hub.actions.surveys do it. Each thing is done once, whatever comes twice, and its answer said once
at the most.
"""
