"""The rules on the desk: seen by everybody, changed in drafts by those who lead."""
