"""What the practice marketplace can do, as data. The limits are those its server enforces."""

from datetime import timedelta

from onboarder.connector.manifest import Capability, CredentialKind, Limits, Manifest

MANIFEST = Manifest(
    name="rehearsal",
    title="Pasar Latihan",
    countries=("ID",),
    capabilities=frozenset(
        {
            Capability.OPEN_STORE,
            Capability.OBSERVE_STORE,
            Capability.UPLOAD_PHOTO,
            Capability.CREATE_LISTING,
            Capability.CREATE_IN_BATCH,
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
    limits=Limits(
        title_min=3,
        title_max=120,
        description_max=3000,
        photos_min=0,
        photos_max=9,
        photo_bytes_max=2_000_000,
        variants_max=20,
        price_min=100,
        price_max=100_000_000,
        create_batch=10,
        page_size=50,
        store_name_max=60,
    ),
    settle=timedelta(seconds=2),
    requests_per_second=200,
    notes=(
        "Pasar latihan untuk pelatihan dan uji; bukan marketplace sungguhan.",
        "Offers no idempotency key and accepts doubles, as real marketplaces do.",
    ),
    practice=True,
)
