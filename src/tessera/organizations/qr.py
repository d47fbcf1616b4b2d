"""How the secret of an authenticator app is handed to the phone: an address in a picture, drawn as one SVG path."""

from typing import Final
from urllib.parse import quote, urlencode

import qrcode

from tessera.db import sealed

_ISSUER: Final = "Tessera"
_QUIET: Final = 4  # modules of white around it (ISO/IEC 18004)
_OFFERED: Final = "authenticator app, offered"


def app_address(account: str, secret: str) -> str:
    """Return the address that apps read: the secret, for whom and by whom."""
    label = quote(f"{_ISSUER}:{account}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': _ISSUER}, quote_via=quote)}"


def svg(text: str) -> str:
    """Return a QR code of the text: black on white whatever the page, for cameras; no style, as the policy has it."""
    code = qrcode.QRCode(border=_QUIET)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    size = len(rows)
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return (
        f'<svg class="qr" viewBox="0 0 {size} {size}" role="img" shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


def kept(secret: str) -> str:
    """Return the secret as a session keeps it until it is confirmed."""
    return sealed.seal(secret, context=_OFFERED)


def opened(sealed_secret: str) -> str:
    """Return the secret that a session kept."""
    return sealed.unseal(sealed_secret, context=_OFFERED)
