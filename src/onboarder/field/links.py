"""The merchant's personal link, for their own phone: as a QR code, and as a text to send."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from onboarder.connector.manifest import CredentialKind
from onboarder.converge.links import bearer_of, no_link, personal_link
from onboarder.field.consent_texts import Lang
from onboarder.field.kit import Kit, canvasser_id
from onboarder.field.refused import NotDone
from onboarder.field.work import their_store
from onboarder.model.ids import StoreId, marketplace_of
from onboarder.people.roles import Person
from onboarder.qr_code import for_page
from onboarder.records import stores

_TEXT = {
    "id": "Assalamualaikum/Salam Bapak/Ibu. Ini tautan untuk memberi izin tokonya di {marketplace}. "
    "Buka di HP sendiri, jangan diteruskan ke orang lain: {link}",
    "en": "Hello. This is the link to permit your shop on {marketplace}. "
    "Open it on your own phone and do not pass it on: {link}",
}


@dataclass(frozen=True, slots=True)
class ShownLink:
    """Whoever has it can let a shop in for this merchant. No person's name or number stands in it."""

    url: str = field(repr=False)
    qr: str = field(repr=False)
    """SVG."""
    text: str = field(repr=False)
    whatsapp_url: str = field(repr=False)
    """Opens WhatsApp with the text; whom to send it to is chosen there."""
    expires_at: datetime


async def consent_link(kit: Kit, who: Person, where: str, lang: Lang = "id") -> ShownLink:
    """The link of this canvasser for the store, made if there is none that works. Safe to repeat.

    `link_not_needed` where no permission is asked for, `link_refused` for a merchant who may not be asked now.
    """
    async with kit.database.write() as tx:
        await their_store(tx, who, where)
        store = StoreId(where)
        manifest = kit.manifest(marketplace_of(store))
        if manifest is None or manifest.credentials is not CredentialKind.CONSENT:
            raise NotDone("link_not_needed")
        work = await stores.load(tx, store)
        if no_link(work) is not None:
            raise NotDone("link_refused")
        around = kit.around
        link = await personal_link(
            tx,
            around.vault,
            bearer_of(work, canvasser_id(who)),
            now=kit.clock(),
            span=around.link_span,
        )
    url = link.address(kit.public_url).get_secret_value()
    text = _TEXT[lang].format(marketplace=manifest.title, link=url)
    return ShownLink(
        url=url,
        qr=for_page(url),
        text=text,
        whatsapp_url=f"https://wa.me/?text={quote(text, safe='')}",
        expires_at=link.expires_at,
    )
