"""The pages a person looks at: what the practice marketplace holds. Indonesian, no scripts, every text escaped."""

import json
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from onboarder_rehearsal.server.desk import Desk

STORES_A_PAGE = 15
LATEST_CALLS = 20
WIB = timezone(timedelta(hours=7), "WIB")

STORE_WORDS = {
    "screening": ("diperiksa", "wait"),
    "trading": ("buka", "good"),
    "turned_down": ("ditolak", "bad"),
    "frozen": ("dibekukan", "bad"),
    "left": ("tutup", "dull"),
}
LISTING_WORDS = {
    "screening": ("diperiksa", "wait"),
    "selling": ("tayang", "good"),
    "turned_down": ("ditolak", "bad"),
    "hidden": ("ditarik", "dull"),
}

_STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def page_routes(desk: Desk) -> list[Route]:
    """`/`, `/toko/S12` and the images on them."""
    return [
        Route("/", _page(desk, _front)),
        Route("/toko/{seller}", _page(desk, _store)),
        Route("/gambar/{image}", _page(desk, _image)),
    ]


def _page(
    desk: Desk, make: Callable[[Desk, Request], Response]
) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        desk.tick()
        return make(desk, request)

    return page


def _front(desk: Desk, request: Request) -> Response:
    text = request.query_params.get("halaman", "1")
    number = max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1
    body = "".join(
        (
            _totals(desk),
            _stores(desk, number),
            '<div class="two">',
            _dials(desk),
            _calls(desk),
            "</div>",
        )
    )
    return _html("Isi pasar", body)


def _store(desk: Desk, request: Request) -> Response:
    row = desk.state.one(
        "SELECT * FROM seller WHERE 'S' || no = ? AND NOT deleted", request.path_params["seller"]
    )
    if row is None:
        return _html("Toko tidak ada", "<h2>Toko tidak ada</h2>", 404)
    items = desk.state.all(
        "SELECT * FROM item WHERE seller_no = ? AND NOT deleted ORDER BY no", row["no"]
    )
    reason = f"<p class=reason>Alasan: {escape(row['note'])}</p>" if row["note"] else ""
    pickup: dict[str, str] = json.loads(row["pickup"] or "{}")
    place = ", ".join(part for part in (pickup.get("place"), pickup.get("city")) if part)
    head = (
        f"<p><a href='/'>← Semua toko</a></p><h2>{escape(row['shop_name'])} {_pill(STORE_WORDS, row['phase'])}</h2>"
        f"<p class=quiet><code>{escape(row['external_key'])}</code> · S{row['no']}"
        f" · {escape(place) or 'alamat penjemputan belum diisi'} · daftar {_moment(row['applied_at'])}</p>{reason}"
    )
    cards = "".join(map(_card, items)) or "<p class=empty>Belum ada barang.</p>"
    return _html(str(row["shop_name"]), f"{head}<div class=cards>{cards}</div>")


def _image(desk: Desk, request: Request) -> Response:
    row = desk.state.one(
        "SELECT p.media_type, p.content FROM image i JOIN picture p ON p.digest = i.digest WHERE i.id = ?",
        request.path_params["image"],
    )
    if row is None:
        return Response(status_code=404)
    return Response(row["content"], media_type=row["media_type"], headers=_SAFE)


def _totals(desk: Desk) -> str:
    state = desk.state
    figures = (
        ("Toko", state.count("SELECT count(*) FROM seller WHERE NOT deleted"), ""),
        ("Toko buka", _sellers_in(desk, "trading"), "good"),
        ("Barang", state.count("SELECT count(*) FROM item WHERE NOT deleted"), ""),
        ("Barang tayang", _items_in(desk, "selling"), "good"),
        ("Ganda", _doubles(desk), "bad" if _doubles(desk) else "good"),
        ("Panggilan API", state.count("SELECT max(no) FROM log"), ""),
        ("Gangguan kena", state.count("SELECT count(*) FROM log WHERE dial IS NOT NULL"), "wait"),
    )
    tiles = "".join(
        f"<div class='tile {tone}'><b>{_number(value)}</b><span>{name}</span></div>"
        for name, value, tone in figures
    )
    return f"<div class=tiles>{tiles}</div>"


def _stores(desk: Desk, number: int) -> str:
    rows = desk.state.all(
        "SELECT s.*, (SELECT count(*) FROM item i WHERE i.seller_no = s.no AND NOT i.deleted) AS items,"
        " (SELECT count(*) FROM item i WHERE i.seller_no = s.no AND NOT i.deleted AND i.phase = 'selling') AS live"
        " FROM seller s WHERE NOT s.deleted ORDER BY s.no DESC LIMIT ? OFFSET ?",
        STORES_A_PAGE + 1,
        (number - 1) * STORES_A_PAGE,
    )
    lines = "".join(map(_store_line, rows[:STORES_A_PAGE]))
    if not lines:
        return (
            "<h2>Toko</h2><p class=empty>Belum ada toko. Jalankan <code>onboarder open</code>.</p>"
        )
    newer = f"<a href='/?halaman={number - 1}'>← lebih baru</a>" if number > 1 else ""
    older = (
        f"<a href='/?halaman={number + 1}'>lebih lama →</a>" if len(rows) > STORES_A_PAGE else ""
    )
    return (
        "<h2>Toko</h2><div class=wide><table><thead><tr><th>Toko<th>Rujukan<th>Keadaan<th class=n>Tayang"
        f"<th class=n>Barang<th>Daftar<tbody>{lines}</table></div><p class=pages>{newer} {older}</p>"
    )


def _store_line(row: sqlite3.Row) -> str:
    reason = f"<br><small>{escape(row['note'])}</small>" if row["note"] else ""
    return (
        f"<tr><td><a href='/toko/S{row['no']}'>{escape(row['shop_name'])}</a>"
        f"<td><code>{escape(row['external_key'])}</code><td>{_pill(STORE_WORDS, row['phase'])}{reason}"
        f"<td class=n>{row['live']}<td class=n>{row['items']}<td>{_moment(row['applied_at'])}"
    )


def _card(row: sqlite3.Row) -> str:
    images = json.loads(row["images"])
    picture = (
        f"<img src='/gambar/{escape(images[0])}' alt='' loading=lazy>"
        if images
        else "<i>tanpa foto</i>"
    )
    reason = f"<p class=reason>{escape(row['note'])}</p>" if row["note"] else ""
    choices = "".join(
        f"<li>{escape(choice['label'] or '')} <b>{_rupiah(choice['amount_sen'])}</b> · stok {choice['on_hand']}"
        for choice in json.loads(row["choices"])
    )
    return (
        f"<article id=I{row['no']}><div class=photo>{picture}</div><h3>{escape(row['headline'])}</h3>"
        f"<p>{_pill(LISTING_WORDS, row['phase'])}</p><ul>{choices}</ul>{reason}"
        f"<p class=quiet><code>{escape(row['external_key'] or 'milik pedagang')}</code> · I{row['no']}</p></article>"
    )


def _dials(desk: Desk) -> str:
    lines = "".join(
        f"<tr><td>{dial.fault}<td class=n>{dial.probability:.0%}"
        f"<td>{escape(' '.join(filter(None, (dial.method, dial.route, dial.store))) or 'semua')}"
        f"<td class=n>{struck}<td class=n>{seen}"
        for _, dial, seen, struck in desk.dials.listed()
    )
    if not lines:
        return "<section><h2>Gangguan dipasang</h2><p class=empty>Tidak ada; semua berjalan baik.</p></section>"
    return (
        "<section><h2>Gangguan dipasang</h2><div class=wide><table><thead><tr><th>Gangguan<th class=n>Peluang"
        f"<th>Untuk<th class=n>Kena<th class=n>Dari<tbody>{lines}</table></div></section>"
    )


def _calls(desk: Desk) -> str:
    rows = desk.state.all("SELECT * FROM log ORDER BY no DESC LIMIT ?", LATEST_CALLS)
    lines = "".join(
        f"<tr><td>{_moment(row['at'], seconds=True)}<td>{row['method']} {escape(row['route'])}"
        f"<td><code>{escape(row['seller'] or '')}</code><td class=n>{row['outcome']}"
        f"<td>{escape(row['dial'] or row['fault'] or '')}"
        for row in rows
    )
    if not lines:
        return "<section><h2>Panggilan terakhir</h2><p class=empty>Belum ada.</p></section>"
    return (
        "<section><h2>Panggilan terakhir</h2><div class=wide><table><thead><tr><th>Pukul<th>Panggilan<th>Toko"
        f"<th class=n>Jawab<th>Catatan<tbody>{lines}</table></div></section>"
    )


def _html(title: str, body: str, status: int = 200) -> Response:
    text = (
        f"<!doctype html><html lang=id><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)} · PASAR LATIHAN – bukan marketplace sungguhan</title><style>{_STYLE}</style>"
        "<header><b>PASAR LATIHAN</b><span>bukan marketplace sungguhan</span></header>"
        f"<main>{body}</main><footer>Semua toko dan barang di sini hanya untuk latihan dan uji.</footer>"
    )
    return HTMLResponse(text, status, headers=_SAFE)


def _sellers_in(desk: Desk, phase: str) -> int:
    return desk.state.count("SELECT count(*) FROM seller WHERE phase = ? AND NOT deleted", phase)


def _items_in(desk: Desk, phase: str) -> int:
    return desk.state.count("SELECT count(*) FROM item WHERE phase = ? AND NOT deleted", phase)


def _doubles(desk: Desk) -> int:
    """References that more than one store or listing carries."""
    return desk.state.count(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM seller WHERE NOT deleted GROUP BY external_key"
        " HAVING count(*) > 1)) + (SELECT count(*) FROM (SELECT 1 FROM item WHERE NOT deleted"
        " AND external_key <> '' GROUP BY external_key HAVING count(*) > 1))"
    )


def _pill(words: dict[str, tuple[str, str]], phase: str) -> str:
    word, tone = words[phase]
    return f"<span class='pill {tone}'>{word}</span>"


def _moment(at: float, *, seconds: bool = False) -> str:
    form = "%H.%M.%S" if seconds else "%d/%m %H.%M"
    return datetime.fromtimestamp(at, WIB).strftime(form)


def _rupiah(sen: int) -> str:
    return f"Rp{_number(sen // 100)}"


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
