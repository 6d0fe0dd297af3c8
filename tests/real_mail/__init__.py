"""The e-mail channel against real Dovecot and Postfix: private processes on loopback, nothing of the machine's own mail."""
