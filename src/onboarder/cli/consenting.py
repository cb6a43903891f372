"""`onboarder draft` and `onboarder consent`: what a canvasser needs at the stall of a merchant who must authorise."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.text import Text

from onboarder.application import Application
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import Cell, facts, table
from onboarder.connector.manifest import CredentialKind, Manifest
from onboarder.consent.dossier import Dossier, dossier
from onboarder.consent.guide import read_guide
from onboarder.converge.links import (
    PersonalLink,
    bearer_of,
    no_link,
    personal_link,
    replacement,
)
from onboarder.model.ids import CanvasserId, StoreId, marketplace_of
from onboarder.model.recorded import StoreWork
from onboarder.problems import RefusedProblem, UsageProblem
from onboarder.qr_code import for_screen, write_file
from onboarder.records import stores, works


@dataclass(frozen=True, slots=True)
class Asked:
    """What the canvasser wants of the link."""

    new: bool = False
    canvasser: str | None = None
    qr: Path | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A link with what goes around it. No person's name or number stands in any address."""

    address: str = field(repr=False)
    whatsapp: str = field(repr=False)
    link: PersonalLink


async def show_draft(desk: Desk, store: str, asked: Asked) -> int:
    async with desk.application() as app:
        work, manifest = await _work(app, store)
        made = await _dossier(app, work, manifest)
        shown = await _shown(desk, app, work, manifest, asked)
        document = _dossier_document(desk, made) | _link_document(shown, asked)
        parts = [*_dossier_parts(desk, made), *_link_parts(desk, app, shown)]
        desk.show(document, lambda: parts)
    return Exit.DONE


async def show_consent(desk: Desk, store: str, asked: Asked) -> int:
    async with desk.application() as app:
        work, manifest = await _work(app, store)
        if work.credentials is not None and work.credentials.lost_at is None:
            desk.say("consent.connected", store=work.store.id)
        shown = await _shown(desk, app, work, manifest, asked)
        desk.show(_link_document(shown, asked), lambda: _link_parts(desk, app, shown))
    return Exit.DONE


async def _work(app: Application, store: str) -> tuple[StoreWork, Manifest]:
    """The store and its marketplace; a problem if there is nothing to consent to."""
    where = StoreId(store)
    try:
        async with app.database.read() as tx:
            work = await stores.load(tx, where)
    except KeyError:
        raise UsageProblem(
            f"no store {store!r} is on record",
            hint="order it first: onboarder open MERCHANT --marketplace NAME",
            id_message=f"tidak ada toko {store!r}",
            id_hint="pesan dulu: onboarder open PEDAGANG --marketplace NAMA",
        ) from None
    manifest = app.manifest(marketplace_of(where))
    if manifest.credentials is not CredentialKind.CONSENT:
        raise UsageProblem(
            f"{manifest.title} asks for no consent: its stores are opened by the API",
            id_message=f"{manifest.title} tidak meminta izin pedagang: tokonya dibuka lewat API",
        )
    why = no_link(work)
    if why is not None:
        raise RefusedProblem(why.en, id_message=why.id)
    return work, manifest


async def _dossier(app: Application, work: StoreWork, manifest: Manifest) -> Dossier:
    name = work.store.marketplace
    async with app.database.read() as tx:
        owners = await works.owners(tx, name)
    return dossier(
        work,
        owners,
        programme=app.programme,
        manifest=manifest,
        categories=app.categories(name),
        guide=read_guide(app.settings.config_dir, name, manifest),
    )


async def _shown(
    desk: Desk, app: Application, work: StoreWork, manifest: Manifest, asked: Asked
) -> Shown:
    public_url = app.settings.public_address
    bearer = bearer_of(work, CanvasserId(asked.canvasser) if asked.canvasser else None)
    make = replacement if asked.new else personal_link
    async with app.database.write() as tx:
        span = timedelta(days=app.settings.link_days)
        link = await make(tx, app.vault, bearer, now=app.clock(), span=span)
    address = link.address(public_url).get_secret_value()
    if asked.qr is not None:
        write_file(address, asked.qr)
        desk.say("consent.qr_written", path=asked.qr)
    text = desk.words("consent.whatsapp", marketplace=manifest.title, link=address)
    return Shown(address, text, link)


def _link_document(shown: Shown, asked: Asked) -> dict[str, object]:
    return {
        "store": shown.link.bearer.store,
        "canvasser": shown.link.bearer.canvasser,
        "link": shown.address,
        "expires_at": shown.link.expires_at.isoformat(),
        "whatsapp_text": shown.whatsapp,
        "whatsapp_link": _whatsapp_link(shown),
        "qr_file": str(asked.qr) if asked.qr else None,
    }


def _link_parts(desk: Desk, app: Application, shown: Shown) -> list[RenderableType]:
    words = desk.words
    until = shown.link.expires_at.astimezone(ZoneInfo(app.programme.timezone))
    return [
        Text(for_screen(shown.address), no_wrap=True),
        facts(
            (
                (words("consent.link"), shown.address),
                (words("consent.until"), f"{until:%d-%m-%Y %H:%M}"),
                (words("consent.for"), shown.link.bearer.canvasser),
            )
        ),
        Text("\n".join(("", words("consent.paste"), shown.whatsapp, "", _whatsapp_link(shown)))),
    ]


def _whatsapp_link(shown: Shown) -> str:
    """Opens WhatsApp with the text; whom to send it to is chosen there."""
    return f"https://wa.me/?text={quote(shown.whatsapp, safe='')}"


def _dossier_document(desk: Desk, made: Dossier) -> dict[str, object]:
    content, either = made.content, desk.words.either
    return {
        "marketplace": made.marketplace,
        "owner": content.owner_name,
        "shop_name": content.name,
        "alternative_names": list(content.alternative_names),
        "description": content.description,
        "pickup": _pickup(made),
        "phone": content.phone,
        "products": [
            {"title": one.title, "prices": [offer.price for offer in one.offers]}
            for one in made.listings
        ],
        "refused_products": [
            {"title": title, "code": why.code, "who": why.who, "text": either(why.id, why.en)}
            for title, why in made.faults
        ],
        "guide": [
            {"who": one.who, "text": either(one.id, one.en), "minutes": one.minutes}
            for one in made.guide
        ],
    }


def _dossier_parts(desk: Desk, made: Dossier) -> Sequence[RenderableType]:
    words, content = desk.words, made.content
    products: list[list[Cell]] = [
        [one.title, min(offer.price for offer in one.offers), ""] for one in made.listings
    ]
    refused: list[list[Cell]] = [
        [title, None, words.either(why.id, why.en)] for title, why in made.faults
    ]
    steps: list[list[Cell]] = [
        [number, one.who, words.either(one.id, one.en), one.minutes]
        for number, one in enumerate(made.guide, start=1)
    ]
    return [
        facts(
            (
                (words("word.store"), f"{made.store} · {made.marketplace}"),
                (words("draft.owner"), content.owner_name),
                (words("draft.phone"), content.phone),
                (words("draft.shop_name"), content.name),
                (words("draft.alternatives"), ", ".join(content.alternative_names)),
                (words("draft.description"), content.description),
                (words("draft.pickup"), _pickup(made)),
            )
        ),
        table(
            [words("draft.product"), words("draft.price"), words("draft.refused")],
            products + refused,
        ),
        table(["", words("word.who"), words("draft.step"), words("draft.minutes")], steps),
    ]


def _pickup(made: Dossier) -> str:
    one = made.content
    parts = (one.stall, one.market_name, one.street, one.city, one.province, one.postal_code)
    return ", ".join(part for part in parts if part)
