"""What people are told about a merchant's consent. All codes belong to the family `consent`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from onboarder.connector.errors import Advice
from onboarder.connector.manifest import Manifest
from onboarder.model.ids import StoreId
from onboarder.model.people import Actor

FAMILY = "consent."
ENDS_SOON = f"{FAMILY}ends_soon"
REMIND_BEFORE = timedelta(days=30)
"""How long before an authorisation ends its canvasser hears of it: a round of every market takes weeks."""

OTHER_SHOP = Advice(
    "consent.other_shop",
    Actor.COORDINATOR,
    "Saat memberi izin lagi, pedagang masuk ke toko lain daripada sebelumnya. Tidak ada yang diubah. "
    "Tanyakan toko mana yang benar, lalu minta pedagang mengulang dengan akun toko yang semula.",
    "The merchant authorised another shop than the one before. Nothing was changed. "
    "Ask which shop is right; the merchant repeats it with the account of the first one.",
)
SHOP_TAKEN = Advice(
    "consent.shop_taken",
    Actor.COORDINATOR,
    "Toko yang diizinkan sudah tercatat untuk pedagang lain. Tidak ada yang diubah. "
    "Periksa siapa pemilik toko itu dan apakah pedagang memakai akun orang lain.",
    "The authorised shop is on record for another merchant. Nothing was changed. "
    "Find out whose shop it is and whether the merchant used somebody else's account.",
)


def needed(store: StoreId, manifest: Manifest) -> Advice:
    """The canvasser's task for a draft: what the merchant does on their own phone."""
    return Advice(
        "consent.needed",
        Actor.CANVASSER,
        f"Ajak pedagang menghubungkan tokonya di {manifest.title}, di HP pedagang sendiri. "
        f"{_numbered([one.id for one in manifest.human_steps])}"
        f"Tautan pribadi dan QR: onboarder consent {store}",
        f"Have the merchant connect their {manifest.title} shop, on their own phone. "
        f"{_numbered([one.en for one in manifest.human_steps])}"
        f"Personal link and QR: onboarder consent {store}",
    )


def needed_again(store: StoreId, manifest: Manifest) -> Advice:
    """The canvasser's task when an authorisation ended or was withdrawn."""
    return Advice(
        "consent.again",
        Actor.CANVASSER,
        f"Izin pedagang untuk tokonya di {manifest.title} sudah berakhir atau dicabut. Daftar barang menunggu, "
        "tidak ada yang hilang. Tanyakan apakah pedagang masih mau, lalu minta izin lagi di HP pedagang sendiri. "
        f"Tautan pribadi dan QR: onboarder consent {store}",
        f"The merchant's consent for their {manifest.title} shop ended or was withdrawn. The catalogue waits, nothing "
        "is lost. Ask whether they still want it, then have them consent again on their own phone. "
        f"Personal link and QR: onboarder consent {store}",
    )


def ends_soon(store: StoreId, manifest: Manifest, until: datetime) -> Advice:
    """The canvasser's task before an authorisation ends by itself."""
    day = f"{until:%d-%m-%Y}"
    return Advice(
        ENDS_SOON,
        Actor.CANVASSER,
        f"Izin pedagang untuk tokonya di {manifest.title} berakhir pada {day}. Kunjungi pedagang sebelum itu, lalu minta "
        f"izin lagi di HP pedagang sendiri. Tautan pribadi dan QR: onboarder consent {store}",
        f"The merchant's consent for their {manifest.title} shop ends on {day}. Visit them before and have them consent "
        f"again on their own phone. Personal link and QR: onboarder consent {store}",
    )


def _numbered(steps: Sequence[str]) -> str:
    return "".join(f"({number}) {step} " for number, step in enumerate(steps, start=1))
