"""What a letter says of its sender that a reader should know. Constants alone, so that screens can name them cheaply."""

WARNING = "The sender's address could not be verified: the mail server reports that DMARC failed."
WARNING_ELSEWHERE = "The sender asks for answers at another address than the one this letter came from."
