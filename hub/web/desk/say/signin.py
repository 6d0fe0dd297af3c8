"""What signing in is called on screen."""

from collections.abc import Mapping

from hub.web.desk.say.language import N_

ENTRANCES: Mapping[str, str] = {
    "password": N_("with the password"),
    "totp": N_("with password and code"),
    "recovery": N_("with a recovery code"),
    "passkey": N_("with a passkey"),
    "company": N_("with the company account"),
}

REQUIRED_OF_WORDS: Mapping[str, str] = {
    "nobody": N_("Nobody: each decides for themselves"),
    "leads": N_("Everybody but agents: supervisors, administrators, roles of your own"),
    "everybody": N_("Everybody"),
}

DONE: Mapping[str, str] = {
    "password": N_("Your password is changed. You are signed out everywhere else."),
    "totp": N_("The authenticator app is set up."),
    "passkey": N_("The passkey is added."),
    "app_removed": N_("The authenticator app is removed."),
    "passkey_removed": N_("The passkey is removed."),
    "passkey_renamed": N_("Saved."),
    "session": N_("That session is ended."),
    "others": N_("You are signed out everywhere else."),
    "linked": N_("The company account is connected."),
    "unlinked": N_("The company account is disconnected."),
    "policy": N_("Saved. It holds for everybody, also for those who are signed in."),
}

REFUSALS: Mapping[str, str] = {
    "wrong_code": N_("This code is not right, or was used already. Wait for the next one and try again."),
    "app_unreadable": N_(
        "The code cannot be checked: the hub's key has changed. Ask for a reset of your second step."
    ),
    "wrong_password": N_("This is not your password."),
    "password_over": N_(
        "The password that you were given is over. Ask whoever manages the staff for a new one."
    ),
    "passwords_differ": N_("The two new passwords differ."),
    "same_password": N_("The new password is the old one."),
    "weak_password": N_("A password needs 10 to 256 characters."),
    "common_password": N_(
        "This password is easy to guess: it is a common one, or made of common words, dates or rows of keys. Take four "
        "words that have nothing to do with each other."
    ),
    "telling_password": N_(
        "This password holds your login, your name, Contact Hub, the domain of an inbox or a word of the company. Leave that "
        "out."
    ),
    "leaked_password": N_(
        "This password stands in a list of passwords that were leaked somewhere. Choose one that was never used."
    ),
    "step_over": N_("This took too long, or was done already. Please begin again."),
    "passkey_refused": N_("The passkey's answer could not be checked. Try again, or use another way."),
    "passkey_unknown": N_(
        "This passkey is not known here. Sign in another way, and add it under Sign-in and security."
    ),
    "passkey_known": N_("This key is set up here already."),
    "too_many_passkeys": N_("There are 20 passkeys already. Remove one that you do not use any more."),
    "bad_passkey_name": N_("A passkey's name has 1 to 60 characters."),
    "bad_policy": N_("The days of grace are a number from 0 to 90."),
    "company_unreachable": N_(
        "The company's sign-in does not answer as it should. Try again in a few minutes, or use your password."
    ),
    "company_inside": N_(
        "The company's sign-in sends the hub to an address inside a private network, where it does not go. Use your password, "
        "and tell whoever runs the hub: contact-hub doctor says which address it is."
    ),
    "company_wrong": N_(
        "What the company's sign-in sent cannot be trusted, so nobody was signed in. Please begin again."
    ),
    "company_cancelled": N_("The company's sign-in was left before its end."),
    "company_unverified": N_(
        "The company's sign-in has not verified your e-mail address. Ask its administrator."
    ),
    "company_domain": N_("Addresses of this domain are not let in here."),
    "company_unknown": N_("There is no account for you here yet. Ask whoever manages the staff."),
    "company_taken": N_(
        "There is an account of your name here already. Sign in with its password, then connect the two under "
        "Sign-in and security."
    ),
    "company_left": N_("Your account is shut out. Ask whoever manages the staff."),
    "company_other": N_("This company account belongs to another agent here."),
    "company_stale": N_("The company's sign-in did not ask you again. Use your password or a code instead."),
}
