"""Where a request comes from, as far as that can be known behind a reverse proxy."""

from ipaddress import ip_address

from starlette.requests import Request


def caller(request: Request) -> str:
    """The network address: behind a proxy on this machine the one that the proxy saw, which it puts last."""
    peer = request.client.host if request.client else ""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return forwarded if _of_this_machine(peer) and _is_address(forwarded) else peer


def _of_this_machine(text: str) -> bool:
    return _is_address(text) and ip_address(text).is_loopback


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
