"""Who somebody is: passwords, codes, passkeys, the company's own sign-in, and what is asked of whom."""
