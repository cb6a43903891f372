"""What Shopee can do for a shop that let us in, and its limits in Indonesia (templates and endpoint pages, 2026-08/09).

The shop's own limits, read by API, go before these.
"""

from datetime import timedelta

from onboarder.connector.manifest import Capability, CredentialKind, HumanStep, Limits, Manifest

MANIFEST = Manifest(
    name="shopee",
    title="Shopee",
    countries=("ID",),
    capabilities=frozenset(Capability)
    - {Capability.OPEN_STORE, Capability.LIST_BEFORE_OPEN, Capability.CREATE_IN_BATCH},
    credentials=CredentialKind.CONSENT,
    limits=Limits(
        title_min=5,
        title_max=255,
        description_min=20,
        description_max=3000,
        photos_min=1,
        photos_max=9,
        photo_bytes_max=10_000_000,
        variants_max=50,
        price_min=99,
        price_max=150_000_000,
        page_size=50,
        # Shopee tells the length of shop names only in an error's text; this one fits on every sign.
        store_name_max=30,
    ),
    # How long the list lags is not documented: looked up after 15 s, 60 s and 5 min before anything is sent again.
    settle=timedelta(minutes=6),
    # No rate is published. Advice from those who run apps: 5 a second for the app, 2 for a shop.
    requests_per_second=5,
    # Creating an item takes 5 to 11 s (80 calls on the sandbox, 2026-09).
    call_deadline=timedelta(seconds=60),
    secrets=("partner_key", "partner_key_next", "push_key", "push_key_next"),
    human_steps=(
        HumanStep(
            "merchant",
            "Penjual membuat akun Shopee sendiri (KTP, nomor HP, rekening)",
            "The seller opens the Shopee account (identity card, phone, bank account)",
            20,
        ),
        HumanStep(
            "merchant",
            "Penjual masuk dengan akun toko dan menekan Konfirmasi Otorisasi di HP sendiri",
            "The seller logs in with the shop account and confirms the authorization on the own phone",
            5,
        ),
        HumanStep(
            "merchant",
            "Penjual menyelesaikan pendaftaran penjual serta alamat jemput dan jasa kirim di Seller Centre",
            "The seller finishes Seller Registration, pickup address and shipping in Seller Centre",
            15,
        ),
    ),
    notes=(
        "Once for the programme the operator has the partner app (ERP System) approved; its live key lasts 180 days.",
        "Verified only against our own fake, built from the published documentation: there is no live account yet.",
        "Not known: the exact rate limits. Only error_rate_limit (burst) and error_limit (per day) tell.",
        "Not known: how long a new item takes to appear in lists and searches.",
        "Not known: how long an uploaded image lives, and whether it works in another shop.",
        "Not known: whether original_price differs from the buyer's price for a small Indonesian shop without VAT.",
        "Not known: how long the review of a new listing takes.",
        "Not known: how any call behaves for an Indonesian shop; reports are from Brazil, Singapore and Vietnam.",
        "Not known: whether the seller's template counts weight in kilograms or grams; the file itself is read.",
        "Not known: whether the signed consent link will stay; the unsigned one is the default.",
        "Two items may carry one SKU there: doubles are reported, never deleted.",
    ),
)
