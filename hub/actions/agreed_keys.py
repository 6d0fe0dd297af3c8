"""Which keys of the installation are in use. Every hub must know all of them, or it would meet what it cannot open.

The database keeps fingerprints, the oldest key's first. A hub that makes new things with another key adds it when it starts;
`hub.actions.reseal` takes away those with which nothing is sealed any more.
"""

from hub.model.keyring import every_key, fingerprint_of, short_name
from hub.settings import WrongSetting
from storage import house
from storage.database import Connection

KEYS = "secret_key_fingerprint"


async def agree_on_keys(connection: Connection, secret: bytes) -> None:
    """Write down that `secret` is in use. Raises WrongSetting where another one is that this hub does not know."""
    in_use = await keys_in_use(connection, secret)
    own = fingerprint_of(every_key(secret)[0])
    if own not in in_use:
        await house.write_fact(connection, KEYS, " ".join((*in_use, own)))


async def keys_in_use(connection: Connection, secret: bytes) -> list[str]:
    """Fingerprints; the row stays locked until the transaction ends. Raises WrongSetting as `agree_on_keys`."""
    known = [fingerprint_of(key) for key in every_key(secret)]
    in_use = (await house.agree_on(connection, KEYS, known[0])).split()
    unknown = [short_name(one) for one in in_use if one not in known]
    if not unknown:
        return in_use
    if len(unknown) == len(in_use):
        raise WrongSetting(
            "secret_key: this is not the key with which this database was begun. Every hub of one installation needs "
            "the same key: copy data_dir/secret.key, or set HUB_SECRET_KEY."
        )
    raise WrongSetting(
        f"secret_key: this installation also uses {', '.join(unknown)}, which this hub does not know. Name that key in "
        "other_secret_keys (HUB_OTHER_SECRET_KEYS, or a line of data_dir/secret.key); `contact-hub keys reseal` ends its use."
    )
