"""What an operator is told of a marketplace's apps. All codes belong to one family."""

from onboarder.connector.errors import Advice
from onboarder.model.people import Actor

FAMILY = "quota.app"

APP_FULL = Advice(
    f"{FAMILY}_full",
    Actor.OPERATOR,
    "Aplikasi kita di marketplace ini sudah melayani toko sebanyak yang diizinkan. Minta kenaikan jatah lalu naikkan "
    "stores_per_app, atau daftarkan aplikasi lain lalu tambahkan sebagai [[apps]] di berkas marketplace itu.",
    "Our apps serve as many stores as this marketplace allows. Ask for more and raise stores_per_app, or register "
    "another app and add it as [[apps]] to the marketplace's file.",
)


def app_missing(app: str) -> Advice:
    """A store was given to an app that the marketplace's file does not name any more."""
    return Advice(
        f"{FAMILY}_missing",
        Actor.OPERATOR,
        f"Toko ini dilayani aplikasi '{app}', yang tidak ada lagi di berkas marketplace-nya. Kembalikan [[apps]] itu; "
        "pengerjaan toko lalu berlanjut sendiri.",
        f"This store is served by the app '{app}', which its marketplace's file does not name any more. Put that "
        "[[apps]] back; the work on the store then goes on by itself.",
    )
