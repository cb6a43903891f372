"""The pages that merchants see: plain HTML made here, readable on a small phone, asking nobody else for anything."""

import base64
import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path

from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, TypeAdapter

_STYLE = """
:root { color-scheme: light dark }
* { box-sizing: border-box }
body { margin: 0; font: 18px/1.5 system-ui, sans-serif; background: #fff; color: #1a1a1a }
main { max-width: 34rem; margin: 0 auto; padding: 1.25rem 1rem 2rem; border-top: .5rem solid #b45309 }
main.good { border-color: #15803d }
main.bad { border-color: #b91c1c }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0 1rem }
ol { padding-left: 1.5rem }
li { margin: .5rem 0 }
button { font: inherit; font-weight: 600; width: 100%; min-height: 3.5rem; margin-top: 1rem; padding: .5rem 1rem;
  border: 0; border-radius: .5rem; background: #14532d; color: #fff }
footer { margin-top: 2rem; font-size: 16px; color: #555 }
@media (prefers-color-scheme: dark) { body { background: #111; color: #f2f2f2 } footer { color: #bbb } }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
"""By which the one style sheet is allowed."""


class Page(BaseModel):
    """One page of pages.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int
    tone: str
    title: str
    text: tuple[str, ...]
    steps: tuple[str, ...]
    button: str | None = None


@cache
def read_pages() -> Mapping[str, Page]:
    """All pages by name."""
    text = Path(__file__).with_name("pages.toml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, Page]).validate_python(tomllib.loads(text))


def show(name: str, *, programme: str, marketplace: str = "marketplace") -> HTMLResponse:
    """The page. Its button posts to the page's own address, which then sends the browser on."""
    page = read_pages()[name]
    said = {"marketplace": escape(marketplace)}
    text = "".join(f"<p>{one.format(**said)}</p>" for one in page.text)
    steps = "".join(f"<li>{one.format(**said)}</li>" for one in page.steps)
    button = f"<form method=post><button>{page.button}</button></form>" if page.button else ""
    title = page.title.format(**said)
    return HTMLResponse(
        f"<!doctype html><html lang=id><head><meta charset=utf-8><title>{title}</title>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main class={page.tone}><h1>{title}</h1>{text}"
        f"<ol>{steps}</ol>{button.format(**said)}<footer>{escape(programme)}</footer></main></body></html>",
        status_code=page.status,
    )
