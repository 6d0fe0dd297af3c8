"""PGP inside a text (RFC 9580 7): recognised, and its frame taken away from what people read. Pure; linear; unverified."""

import re

_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_END = "-----END PGP SIGNATURE-----"
_ENCRYPTED = "-----BEGIN PGP MESSAGE-----"
_ARMOUR_HEAD = re.compile(r"(?:Hash|Charset|Version|Comment|NotDashEscaped): ?.*")


def inline_security(text: str) -> str:
    """Gives "encrypted" or "signed" where a text is so by PGP's own marks, else ""."""
    if "-----BEGIN PGP " not in text:
        return ""
    lines = {line.strip() for line in text.split("\n")}
    return "encrypted" if _ENCRYPTED in lines else "signed" if _SIGNED in lines else ""


def without_frame(text: str) -> str:
    """The words of a text that is signed inline, without the frame and the signature; other text as it is."""
    if _SIGNED not in text:
        return text
    out: list[str] = []
    inside = head = signature = False
    for line in text.split("\n"):
        bare = line.strip()
        if bare == _SIGNED:
            inside = head = True
        elif bare == _SIGNATURE and inside:
            signature = True
        elif bare == _END and signature:
            inside = signature = False
        elif signature or (head and _ARMOUR_HEAD.fullmatch(bare)):
            continue
        elif head and not bare:
            head = False
        else:
            head = False
            out.append(line.removeprefix("- ") if inside else line)
    return "\n".join(out)
