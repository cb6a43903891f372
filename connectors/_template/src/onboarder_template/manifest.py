"""What Template can do, as data. Limits are those of the paper marketplace in tests/, 2026-11."""

from datetime import timedelta

from onboarder.connector.manifest import Capability, CredentialKind, Limits, Manifest

MANIFEST = Manifest(
    name="template",
    title="Template",
    countries=("ID",),
    capabilities=frozenset(
        {
            Capability.OPEN_STORE,
            Capability.OBSERVE_STORE,
            Capability.CREATE_LISTING,
            Capability.OBSERVE_LISTINGS,
        }
    ),
    credentials=CredentialKind.LOGIN,
    limits=Limits(title_max=100, description_max=2000, variants_max=20, page_size=50),
    settle=timedelta(seconds=30),
    requests_per_second=5,
)
