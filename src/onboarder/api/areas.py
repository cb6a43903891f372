"""The areas of the service: what a browser may do with what comes from each, and what each takes."""

from dataclasses import dataclass

from onboarder.api.pages import STYLE_HASH

_OWN_ONLY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No inline script or style, nothing from anywhere else."""
_NOTHING = (
    "default-src 'none'; style-src 'sha256-" + STYLE_HASH + "'; form-action 'self' {targets}; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing may be fetched from anywhere."""
_TARGETS = {True: "https:", False: "https: http://127.0.0.1:* http://localhost:*"}
"""Where a button for merchants may lead; browsers apply this to every redirect behind it too. Plain http only on this
machine."""
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Area:
    """All paths that begin with `prefix`."""

    prefix: str
    policy: str = _NOTHING
    largest_body: int = _MB // 4
    """Bytes of one request."""
    ours_only: bool = False
    """Whether requests that change something must come from our own pages."""

    def headers(self, *, by_https: bool) -> dict[bytes, bytes]:
        """Those of every answer."""
        policy = self.policy.format(targets=_TARGETS[by_https]).encode()
        apart = _APART if self.ours_only else {}
        return {**_ALWAYS, b"content-security-policy": policy, **apart}


AREAS = (
    Area("/api/v1/", _OWN_ONLY, _MB // 2, ours_only=True),
    Area("/app", _OWN_ONLY, ours_only=True),
    Area("/meja", _OWN_ONLY, 20 * _MB, ours_only=True),
)
_ELSEWHERE = Area("/", largest_body=_MB)


def area_of(path: str) -> Area:
    """The area of a path: merchants and machines if it is none of ours."""
    return next((one for one in AREAS if path.startswith(one.prefix)), _ELSEWHERE)


_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"DENY",
    b"x-robots-tag": b"noindex",
    b"cache-control": b"no-store",
}
_APART = {
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
"""Other sites share no process and no bytes with these."""
