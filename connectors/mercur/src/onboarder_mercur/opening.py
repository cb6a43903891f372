"""Apply for a store: names and e-mail addresses are unique over the marketplace, our Reference decides."""

from collections.abc import Awaitable, Callable

from onboarder.connector.errors import ActionNeeded, OutcomeUnknown, Rejected
from onboarder.model.ids import Reference
from onboarder.model.shop import StoreContent
from onboarder_mercur import advice, storefront, wire
from onboarder_mercur.api import MercurApi
from onboarder_mercur.auth import MemberAuth


async def apply_for_store(
    api: MercurApi,
    auth: MemberAuth,
    content: StoreContent,
    *,
    member_email: str,
    own_email: str,
    is_ours: Callable[[], Awaitable[bool]],
) -> wire.Seller:
    """The store applied for. `OutcomeUnknown` if one with our Reference is there already.

    `is_ours` says, when asked, whether it is among the login's stores: the token in `auth` may be older than the first.
    A taken name is replaced by the next proposed one, a taken contact address by `own_email`, which nobody else has.
    """
    names = list(storefront.store_names(content))
    emails = list(dict.fromkeys((content.email or own_email, own_email)))
    while names and emails:
        body = storefront.store_body(
            content, name=names[0], email=emails[0], member_email=member_email
        )
        try:
            return await api.create_seller(auth, body, content.reference)
        except Rejected as refused:
            if refused.advice is advice.NAME_TAKEN and len(names) > 1:
                names.pop(0)
            elif refused.advice is advice.EMAIL_TAKEN:
                emails.pop(0)
            else:
                raise
        except OutcomeUnknown as doubt:
            if doubt.advice is not advice.REFERENCE_TAKEN:
                raise
            break
    if not await is_ours():
        raise ActionNeeded(advice.STORE_TAKEN, detail="not among the login's stores")
    raise OutcomeUnknown(advice.REFERENCE_TAKEN, reference=content.reference)


async def find_own_store(
    api: MercurApi, auth: MemberAuth, reference: Reference
) -> wire.Seller | None:
    """The store with our Reference among those of the login, newest first; Mercur cannot search for it."""
    seen = 0
    while True:
        page = await api.memberships(auth, seen)
        for membership in page.seller_members:
            if storefront.store_is(membership.seller, reference):
                return membership.seller
        seen += len(page.seller_members)
        if not page.seller_members or seen >= page.count:
            return None
