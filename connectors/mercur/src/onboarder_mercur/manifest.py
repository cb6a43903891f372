"""What Mercur 2.1 can do, and its limits. Numbers were measured on Mercur 2.1.5 on two cores, 2026-11-23."""

from datetime import timedelta

from onboarder.connector.manifest import Capability, CredentialKind, HumanStep, Limits, Manifest

MANIFEST = Manifest(
    name="mercur",
    title="Mercur",
    countries=("ID",),
    capabilities=frozenset(
        {
            Capability.OPEN_STORE,
            Capability.OBSERVE_STORE,
            Capability.LIST_BEFORE_OPEN,
            Capability.UPLOAD_PHOTO,
            Capability.CREATE_LISTING,
            Capability.UPDATE_CONTENT,
            Capability.UPDATE_PRICE,
            Capability.UPDATE_STOCK,
            Capability.WITHDRAW_LISTING,
            Capability.RELIST,
            Capability.OBSERVE_LISTINGS,
            Capability.CATEGORIES,
        }
    ),
    credentials=CredentialKind.LOGIN,
    # Mercur itself has no limits and takes nonsense silently (300-character titles, negative prices, 12 MiB photos);
    # a body over 100 kB is a 500. These keep every body far below that and every page readable.
    limits=Limits(
        title_max=150,
        description_max=5000,
        photos_max=10,
        photo_bytes_max=5_000_000,
        variants_max=50,
        page_size=100,
        store_name_max=80,
    ),
    # A create takes 0.1 to 0.25 s; ten seconds outlast a queue of forty.
    settle=timedelta(seconds=10),
    # About 12 product creates a second were reached; reads take 35 to 60 ms. Mercur has no rate limit of its own.
    requests_per_second=20,
    # Medusa's pool has ten connections unless it is configured (knex, client.js, poolDefaults), and a call takes several,
    # one after the other: with sixty calls at once all waited for each other for a minute ("Knex: Timeout acquiring a
    # connection", Mercur 2.1.5, 2026-11-30). Two workers leave some to the operator.
    calls_at_once=4,
    human_steps=(
        HumanStep(
            "marketplace",
            "Pengelola Mercur menyetujui toko baru",
            "Mercur's operator approves the new store",
            5,
        ),
        HumanStep(
            "marketplace",
            "Pengelola Mercur memeriksa dan menayangkan barang",
            "Mercur's operator reviews and publishes the products",
            2,
        ),
    ),
    notes=(
        "Buyers see a product only when its store is approved, it is published, and it is linked to a sales channel.",
        "No webhooks: reviews are noticed by looking.",
        "Store names are unique over the whole marketplace; a taken name is replaced by the next proposed one.",
    ),
)
