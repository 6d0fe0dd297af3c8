"""One suite for every kind of channel: what channels.adapter promises, tried against the outside itself."""
