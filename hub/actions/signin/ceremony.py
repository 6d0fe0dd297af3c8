"""The two ceremonies of Web Authentication (level 3, 7.1 and 7.2) in the words of py_webauthn. No database.

The library is a heavy one and few requests need it: `passkeys` imports this module on use, away from the event loop.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from storage.signin import Holder, PasskeyRow

_TRANSPORTS = {one.value for one in AuthenticatorTransport}
_WRONG = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What the library raises for an answer that is forged, foreign or no answer at all."""


class WrongAnswer(Exception):
    """It proves nothing."""


def options_for_new(
    site_name: str, holder: Holder, handle: bytes, known: Sequence[PasskeyRow]
) -> tuple[str, dict[str, Any]]:
    """The challenge, to be kept, and what the page hands to `navigator.credentials.create`."""
    options = generate_registration_options(
        rp_id=site_name,
        rp_name="Contact Hub",
        user_name=holder.login,
        user_id=handle,
        user_display_name=holder.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_described(known),
    )
    return bytes_to_base64url(options.challenge), json.loads(options_to_json(options))


def check_new(answer: Mapping[str, Any], challenge: str, site_name: str, origin: str) -> VerifiedRegistration:
    """Raises WrongAnswer."""
    try:
        return verify_registration_response(
            credential=dict(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site_name,
            expected_origin=origin,
        )
    except _WRONG as error:
        raise WrongAnswer(str(error)) from error


def options_for_known(
    site_name: str, known: Sequence[PasskeyRow], *, alone: bool
) -> tuple[str, dict[str, Any]]:
    """The challenge and what the page hands to `navigator.credentials.get`. `alone`: the key is all that is asked for, so it
    must make sure that its owner is there."""
    options = generate_authentication_options(
        rp_id=site_name,
        allow_credentials=_described(known) or None,
        user_verification=UserVerificationRequirement.REQUIRED
        if alone
        else UserVerificationRequirement.PREFERRED,
    )
    return bytes_to_base64url(options.challenge), json.loads(options_to_json(options))


def who_answers(answer: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """The key's id, and the handle of the person that it says it belongs to; b"" where it does not say. Raises WrongAnswer."""
    try:
        handle = (answer.get("response") or {}).get("userHandle") or ""
        return base64url_to_bytes(answer["rawId"]), base64url_to_bytes(handle) if handle else b""
    except _WRONG as error:
        raise WrongAnswer(str(error)) from error


def check_known(
    answer: Mapping[str, Any],
    challenge: str,
    site_name: str,
    origin: str,
    *,
    public_key: bytes,
    sign_count: int,
    alone: bool,
) -> VerifiedAuthentication:
    """Raises WrongAnswer."""
    try:
        return verify_authentication_response(
            credential=dict(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site_name,
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=alone,
        )
    except _WRONG as error:
        raise WrongAnswer(str(error)) from error


def transports(answer: Mapping[str, Any]) -> list[str]:
    """How the browser says that the key is reached; a hint for later, nothing more."""
    given = (answer.get("response") or {}).get("transports") or []
    return [one for one in given[:8] if isinstance(one, str) and one in _TRANSPORTS]


def _described(known: Sequence[PasskeyRow]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id, transports=[AuthenticatorTransport(how) for how in one.transports]
        )
        for one in known
    ]
