"""Credentials: their end is told, they renew, they stay secret, and they open one store only."""

import asyncio
from dataclasses import replace

from pydantic import SecretStr

from onboarder.connector.contract import Credentials
from onboarder.connector.errors import CredentialsExpired, MarketplaceError
from onboarder.connector.manifest import Capability
from onboarder.connector.testing.bench import Bench, expect, expect_error, outcome_of
from onboarder.connector.testing.check import check
from onboarder.connector.testing.listening import secrets_in
from onboarder.connector.testing.marketplace import Ability, Act
from onboarder.connector.testing.proxy import Spoil
from onboarder.model.people import Actor
from onboarder.model.shop import ObservedListing, ObservedStore

CREATE, OBSERVE = Capability.CREATE_LISTING, Capability.OBSERVE_STORE


@check(OBSERVE)
async def dead_credentials_are_told(bench: Bench) -> None:
    """A token that the marketplace no longer knows is CredentialsExpired, on reads and writes."""
    shop = await bench.shop()
    bench.spoil_everything(Spoil.STRANGER)
    connector, access = bench.connector, shop.access
    for call in (
        connector.observe_store(access),
        shop.find(shop.listing()),
        connector.observe_listings(access, None),
        connector.complete_store(access, shop.content),
    ):
        await expect_error(call, CredentialsExpired, when="the token is dead")


@check(OBSERVE)
async def credentials_renew(bench: Bench) -> None:
    """Renew gives credentials that work, as often as it is asked."""
    shop = await bench.shop()
    for _ in range(2):
        renewed = await bench.connector.renew(shop.access)
        seen = await bench.connector.observe_store(replace(shop.access, credentials=renewed))
        expect(isinstance(seen, ObservedStore), "renewed credentials do not work")
        ends = renewed.expires_at
        expect(ends is None or ends > bench.subject.clock(), "renewed and expired already")


@check(OBSERVE)
async def renewing_at_once_gives_working_credentials_to_all(bench: Bench) -> None:
    """Five renewals at once all end with credentials that work."""
    shop = await bench.shop()
    renewed = await asyncio.gather(*(bench.connector.renew(shop.access) for _ in range(5)))
    for credentials in renewed:
        seen = await bench.connector.observe_store(replace(shop.access, credentials=credentials))
        expect(isinstance(seen, ObservedStore), "one of five renewals does not work")


@check(CREATE)
async def a_token_may_die_between_listings(bench: Bench) -> None:
    """Token death in the middle of the work: told, nothing done, and after renewal the rest is made once."""
    shop = await bench.shop()
    contents = [shop.listing(f"p{number}") for number in range(4)]
    bench.spoil(Act.CREATE_LISTING, Spoil.STRANGER, skip=2)
    access, deaths = shop.access, 0
    for content in contents:
        outcome = await replace(shop, access=access).try_to_create(content)
        if isinstance(outcome, MarketplaceError):
            expect(isinstance(outcome, CredentialsExpired), f"ended in {outcome!r}")
            expect(await shop.how_many(content) == 0, "made with a dead token")
            deaths += 1
            access = replace(access, credentials=await bench.connector.renew(access))
            outcome = await replace(shop, access=access).try_to_create(content)
        expect(isinstance(outcome, ObservedListing), f"after renewal: {outcome!r}")
    expect(deaths == 1, "the dead token was not told")
    for content in contents:
        await shop.held(content)


@check(OBSERVE, needs=[Ability.REVOKE])
async def a_withdrawn_consent_asks_the_merchant(bench: Bench) -> None:
    """When the merchant takes the consent back, renew is CredentialsExpired and names the merchant."""
    shop = await bench.shop()
    await bench.control.revoke(shop.access.remote_id)
    seen = bench.connector.observe_store(shop.access)
    await expect_error(seen, CredentialsExpired, when="the consent was withdrawn")
    renewal = bench.connector.renew(shop.access)
    error = await expect_error(renewal, CredentialsExpired, when="renewed without consent")
    expect(error.advice.who is Actor.MERCHANT, f"{error.advice.who} is to act")


@check(OBSERVE)
async def credentials_stay_secret_in_print(bench: Bench) -> None:
    """No repr of what a connector hands over shows the secret."""
    content, opened = await bench.opened()
    secrets = secrets_in(opened.credentials.secret.get_secret_value())
    printed = f"{opened!r} {opened.credentials!r} {opened} {content!r} {bench.connector!r}"
    expect(bool(secrets), "the secret is empty")
    expect(not any(one in printed for one in (*secrets, *bench.secrets)), "repr shows a secret")


@check(OBSERVE)
async def spoilt_credentials_are_expired_and_send_nothing(bench: Bench) -> None:
    """A kept secret that cannot be read is CredentialsExpired, found before anything is sent."""
    shop = await bench.shop()
    spoilt = replace(shop.access, credentials=Credentials(SecretStr("{]"), None))
    before = len(bench.proxy.seen)
    seen = bench.connector.observe_store(spoilt)
    await expect_error(seen, CredentialsExpired, when="the kept secret is spoilt")
    expect(len(bench.proxy.seen) == before, "sent something with a spoilt secret")


@check(CREATE, Capability.OBSERVE_LISTINGS)
async def stores_do_not_see_each_other(bench: Bench) -> None:
    """The way into one store shows and finds nothing of another one."""
    mine, other = await bench.shop("a"), await bench.shop("b")
    content = other.listing()
    await other.create(content)
    expect(await mine.find(content) is None, "found in the wrong store")
    shown = [one for page in await mine.pages() for one in page.listings]
    expect(not shown, f"shown in the wrong store: {shown}")


@check(CREATE)
async def stores_worked_at_the_same_time_do_not_mix(bench: Bench) -> None:
    """Listings created at once through one connector each end up in their own store."""
    shops = [await bench.shop("a"), await bench.shop("b")]
    pairs = [(shop, shop.listing(f"p{number}")) for number in range(3) for shop in shops]
    outcomes = await asyncio.gather(
        *(outcome_of(shop.try_to_create(content)) for shop, content in pairs)
    )
    for (shop, content), outcome in zip(pairs, outcomes, strict=True):
        expect(isinstance(outcome, ObservedListing), f"at once: {outcome!r}")
        held = await shop.held(content)
        expect(held.store == shop.access.remote_id, f"{content.reference} is in the wrong store")
