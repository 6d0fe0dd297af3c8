"""The rules in use: versions, drafts, what they would have done."""
