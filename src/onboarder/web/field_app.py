"""Serves the canvasser's app: files of this package, made ready once when the process starts.

The files of one release stand under its digest and never change; the page, the service worker and the manifest name the
release and are asked for anew. So a phone runs one release or the other, never parts of both.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Response

from onboarder.api.premises import Premises

PLACE = "/app/"
KINDS: Mapping[str, str] = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
"""Content types by the end of the name; other files are not served."""
NAMED_ALIKE = {"index.html": PLACE, "sw.js": f"{PLACE}sw.js"}
NAMED_ALIKE["manifest.webmanifest"] = f"{PLACE}manifest.webmanifest"
"""Files whose address stays the same from release to release."""
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
CORE = ("dom", "api", "database", "sealing", "outbox", "traders", "phone")
"""Modules that every screen needs. They travel as one file: one answer instead of seven where each takes half a second,
and a seventh less of it. Among them each top-level name means one thing."""
FIRST = ("core", "screen_enrol")
"""What the first screen needs: the page asks for it at once, not one after the other."""


@dataclass(frozen=True, slots=True)
class Served:
    """One file as it goes out."""

    kind: str
    plain: bytes
    packed: bytes
    etag: str
    kept: str
    """Cache-Control."""


def router(premises: Premises) -> APIRouter:
    """`/app/…`. The files are the same for everybody and hold nothing of anybody."""
    del premises
    made, everything = APIRouter(include_in_schema=False), app_files()

    @made.get("/app")
    def no_slash() -> Response:
        return Response(status_code=308, headers={"Location": PLACE})

    @made.get(PLACE + "{path:path}")
    def file(
        path: str,
        accept_encoding: Annotated[str, Header()] = "",
        if_none_match: Annotated[str, Header()] = "",
    ) -> Response:
        found = everything.get(PLACE + path)
        if found is None:
            raise HTTPException(404)
        return _answer(found, packed="gzip" in accept_encoding, known=if_none_match)

    return made


@cache
def app_files() -> Mapping[str, Served]:
    """Every file of this release by its address."""
    return release_of(read_sources())


def read_sources() -> Mapping[str, bytes]:
    """The files by name, as they were written."""
    folder = files("onboarder.web").joinpath("field_app")
    return {one.name: one.read_bytes() for one in folder.iterdir() if _kind(one.name) in KINDS}


def release_of(sources: Mapping[str, bytes]) -> Mapping[str, Served]:
    """What is served of such files. Any difference makes another release."""
    light = _joined({name: _light(name, text) for name, text in sources.items()})
    release = _digest(b"".join(name.encode() + light[name] for name in sorted(light)))
    base = f"{PLACE}v/{release}/"
    addresses = {name: NAMED_ALIKE.get(name, base + name) for name in light}
    cached = json.dumps(sorted(set(addresses.values()) - {NAMED_ALIKE["sw.js"]}))
    facts = {"release": release, "files": cached, "base": base, "preload": "".join(_preloads(base))}
    return {
        address: _served(name, _filled(light[name], facts) if name in NAMED_ALIKE else light[name])
        for name, address in addresses.items()
    }


def _preloads(base: str) -> Iterator[str]:
    yield f'<link rel="preload" as="fetch" crossorigin href="{base}texts_id.json">'
    yield from (f'<link rel="modulepreload" href="{base}{name}.js">' for name in FIRST)


def _filled(text: bytes, facts: Mapping[str, str]) -> bytes:
    for name, fact in facts.items():
        text = text.replace(f"{{{name}}}".encode(), fact.encode())
    return text


def _joined(light: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The core's modules as one, and everybody else's imports from it."""
    inside = [f"{name}.js" for name in CORE]
    core = _FROM_CORE.sub(b"", b"".join(light[name] for name in inside))
    apart = {name: text for name, text in light.items() if name not in inside}
    return {"core.js": core} | {
        name: _FROM_CORE.sub(rb"import {\1} from './core.js';\n", text)
        for name, text in apart.items()
    }


_FROM_CORE = re.compile(
    rb"^import \{([^}]*)\} from '\./(?:" + "|".join(CORE).encode() + rb")\.js';\n", re.MULTILINE
)


def _light(name: str, text: bytes) -> bytes:
    """Scripts travel without comments and indentation; no string of ours holds what looks like one."""
    if _kind(name) != "js":
        return text
    bare = re.sub(rb"/\*\*.*?\*/ ?", b"", text, flags=re.DOTALL)
    bare = re.sub(rb"^[ \t]*//.*\n", b"", bare, flags=re.MULTILINE)
    return re.sub(rb"^[ \t]+|^\n", b"", bare, flags=re.MULTILINE)


def _served(name: str, text: bytes) -> Served:
    kept = ASK_AGAIN if name in NAMED_ALIKE else FOR_EVER
    return Served(
        KINDS[_kind(name)], text, gzip.compress(text, 9, mtime=0), f'"{_digest(text)}"', kept
    )


def _answer(file: Served, *, packed: bool, known: str) -> Response:
    headers = {
        "Cache-Control": file.kept,
        "ETag": file.etag,
        "Vary": "Accept-Encoding",
        "Service-Worker-Allowed": PLACE,
    }
    if file.etag in known:
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(file.packed if packed else file.plain, headers=headers, media_type=file.kind)


def _kind(name: str) -> str:
    return name.rpartition(".")[2]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
