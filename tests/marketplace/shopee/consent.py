"""What the seller sees in her browser: two forms of the link, a page with two buttons, and the way back.

Whoever judges a run may press the buttons through the control API instead.
"""

from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.datastructures import QueryParams

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee import tokens
from tests.marketplace.shopee.door import COMMON, check_signature
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.shelf import Document, Shop, all_shops
from tests.marketplace.shopee.visit import Refused

PAGE_PATH = "/auth"
SIGNED_PATH = "/api/v2/shop/auth_partner"
PAGE = """<!doctype html><html lang="id"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Otorisasi toko (tiruan)</title>
<h1>Tiruan Shopee untuk uji coba</h1>
<p>Aplikasi {partner} meminta izin mengelola toko Anda.</p>
<form method="post" action="/auth?{query}">
<label>Toko <select name="shop_id">{options}</select></label>
<label>Berlaku <select name="days"><option>365</option><option>180</option><option>90</option><option>30</option>
<option>7</option></select> hari</label>
<button name="answer" value="accept">Konfirmasi Otorisasi</button>
<button name="answer" value="refuse">Tolak</button></form></html>"""
REFUSED_PAGE = """<!doctype html><html lang="id"><meta charset="utf-8"><title>Ditolak</title>
<h1>Otorisasi ditolak</h1><p>Tidak ada yang diubah.</p></html>"""


class Answer(Document):
    """What the seller does with a link."""

    shop_id: int | None = None
    main_account_id: int | None = None
    """Log in with a main account: all its shops at once."""
    days: float = 365


def link_faults(rules: Rules, query: QueryParams) -> str | None:
    """Why the authorization page would not open a link of form (b); None if it would."""
    expected = {"auth_type": "seller", "partner_id": str(rules.partner_id), "response_type": "code"}
    for name, value in expected.items():
        if query.get(name) != value:
            return f"{name} must be {value}"
    unknown = set(query) - expected.keys() - {"redirect_uri", "state"}
    if unknown:
        return f"unknown parameter: {', '.join(sorted(unknown))}"
    return redirect_faults(rules, query.get("redirect_uri", ""))


def redirect_faults(rules: Rules, redirect: str) -> str | None:
    address = urlsplit(redirect)
    if address.scheme not in {"http", "https"} or not address.hostname:
        return "the redirect must be a URL"
    if rules.redirect_domain not in {None, address.hostname}:
        return "the redirect's domain is not the one of the app"
    return None


def page(rules: Rules, state: State, query: QueryParams) -> str:
    options = "".join(
        f'<option value="{shop.shop_id}">{escape(shop.shop_name)}</option>'
        for shop in all_shops(state)
    )
    return PAGE.format(partner=rules.partner_id, query=escape(str(query)), options=options)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the app wants the browser back, and what it wants to see again there."""

    url: str
    state: str | None = None


def redirect_of(
    rules: Rules, path: str, query: QueryParams, now: float
) -> tuple[Redirect, str | None]:
    """Of a link of either form; and why it would not open, if so."""
    if path == SIGNED_PATH:
        return Redirect(query.get("redirect", "")), _signed_link_faults(rules, query, now)
    redirect = Redirect(query.get("redirect_uri", ""), query.get("state"))
    return redirect, link_faults(rules, query) if path == PAGE_PATH else "no such page"


def way_back(rules: Rules, state: State, now: float, redirect: Redirect, answer: Answer) -> str:
    """Where the browser goes after the seller has agreed; the redirect's own query is kept."""
    owner, shops = _who(state, answer)
    code = tokens.issue_code(state, owner, shops, now + rules.code_seconds, answer.days)
    who = {"shop_id": shops[0]} if owner == "shop" else {"main_account_id": owner.split()[1]}
    added = {"code": code, **who, **({} if redirect.state is None else {"state": redirect.state})}
    address = urlsplit(redirect.url)
    query = urlencode([*parse_qsl(address.query, keep_blank_values=True), *added.items()])
    return urlunsplit(address._replace(query=query))


def signed_link_target(query: QueryParams) -> str:
    """Where the older form sends the browser on to."""
    partner = query.get("partner_id", "")
    plain = {"auth_type": "seller", "partner_id": partner, "response_type": "code"}
    return f"{PAGE_PATH}?{urlencode({**plain, 'redirect_uri': query.get('redirect', '')})}"


def _signed_link_faults(rules: Rules, query: QueryParams, now: float) -> str | None:
    """The older form lives five minutes and carries no state."""
    try:
        check_signature(rules, SIGNED_PATH, query, now)
    except Refused as refused:
        return f"{refused.code}: {refused.message}"
    if frozenset(query) != COMMON | {"redirect"}:
        return "the link has partner_id, timestamp, sign and redirect, and nothing else"
    return redirect_faults(rules, query["redirect"])


def _who(state: State, answer: Answer) -> tuple[str, list[int]]:
    shops = [shop for shop in all_shops(state) if _is_meant(shop, answer)]
    if not shops:
        raise Refused("error_auth", "no such account", status=404)
    owner = "shop" if answer.main_account_id is None else f"main {answer.main_account_id}"
    return owner, [shop.shop_id for shop in shops]


def _is_meant(shop: Shop, answer: Answer) -> bool:
    if answer.main_account_id is not None:
        return shop.main_account_id == answer.main_account_id
    return shop.shop_id == answer.shop_id
