"""The practice marketplace as one where only the merchant's consent opens the door, and the people who go through it."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from pydantic import SecretStr

from onboarder.cli import checks_of_configuration, exporting, marketplaces, planning
from onboarder.connector import registry
from onboarder.connector.advice import UNREACHABLE
from onboarder.connector.consent import ConsentReturn
from onboarder.connector.contract import Access, Credentials, Equipment, OpenedStore
from onboarder.connector.errors import (
    ActionNeeded,
    Advice,
    CredentialsExpired,
    MarketplaceError,
    OutcomeUnknown,
)
from onboarder.connector.manifest import Capability, CredentialKind, HumanStep, Manifest
from onboarder.connector.webhook import Delivery, Event
from onboarder.consent.doors import Arrival, Doors
from onboarder.consent.inbox import Inbox
from onboarder.converge.links import PersonalLink, bearer_of, personal_link
from onboarder.model.ids import CanvasserId, Reference, RemoteId, StoreId
from onboarder.model.people import Actor
from onboarder.model.shop import ObservedStore
from onboarder.model.work import Lane
from onboarder_rehearsal import RehearsalConnector
from tests.support.mischief import with_connector
from tests.support.practice import store_content
from tests.support.town import REHEARSAL, Town

PUBLIC = "https://pelatihan.example"
PAGE = "https://pasar.example/izin"
DEVICE = SecretStr("the mark of a phone in the tests")
PUSH_KEYS = ("push-key-of-the-tests-new", "push-key-of-the-tests-old")
NOT_GIVEN = Advice(
    "practice.denied", Actor.MERCHANT, "Izin tidak diberikan.", "Consent was denied."
)
CODE_USED = Advice("practice.code", Actor.MERCHANT, "Kode tidak berlaku.", "The code is not valid.")
GONE = Advice("practice.withdrawn", Actor.MERCHANT, "Izin dicabut.", "Consent was withdrawn.")
IDENTITY = Advice("practice.kyc", Actor.MERCHANT, "Verifikasi dulu.", "Identity check pending.")
STEP = HumanStep("merchant", "Daftar toko di HP sendiri.", "Sign up on your own phone.", 20)


def asking_consent(manifest: Manifest) -> Manifest:
    """The same marketplace, where nobody but its owner opens a store."""
    return replace(
        manifest,
        capabilities=(manifest.capabilities | {Capability.WEBHOOKS}) - {Capability.OPEN_STORE},
        credentials=CredentialKind.CONSENT,
        human_steps=(STEP,),
    )


class Consenting(RehearsalConnector):
    """What the marketplace knows of consents stands here: codes by shop, and who took the consent back."""

    codes: dict[str, RemoteId]
    withdrawn: set[RemoteId]
    unproven: set[RemoteId]
    """Shops whose identity check is pending."""
    troubles: list[MarketplaceError]
    """Raised by the next exchanges instead of an answer."""
    used_anyway: bool = False
    """Whether a trouble uses the code up all the same."""
    exchanges: int = 0

    def consent_url(self, callback: str, state: SecretStr) -> SecretStr:
        query = urlencode({"redirect": callback, "state": state.get_secret_value()})
        return SecretStr(f"{PAGE}?{query}")

    def read_return(self, query: Mapping[str, str]) -> ConsentReturn:
        if not query.get("code"):
            raise ActionNeeded(NOT_GIVEN)
        return ConsentReturn(SecretStr(query["code"]))

    async def redeem(self, given: ConsentReturn) -> OpenedStore:
        self.exchanges += 1
        code = given.code.get_secret_value()
        if self.troubles:
            if self.used_anyway:
                self.codes.pop(code, None)
            raise self.troubles.pop(0)
        shop = self.codes.pop(code, None)
        if shop is None:
            raise CredentialsExpired(CODE_USED)
        found = await super().renew(_anybody(shop))
        seen = await super().observe_store(replace(_anybody(shop), credentials=found))
        assert seen is not None
        return OpenedStore(seen, found)

    async def renew(self, access: Access) -> Credentials:
        self._prove(access)
        return await super().renew(access)

    async def observe_store(self, access: Access) -> ObservedStore | None:
        self._prove(access)
        if access.remote_id in self.unproven:
            raise ActionNeeded(IDENTITY, look_again=timedelta(hours=1))
        return await super().observe_store(access)

    def genuine(self, delivery: Delivery) -> bool:
        given = delivery.headers.get("x-signature", "")
        fits = [hmac.compare_digest(given, signature(key, delivery)) for key in PUSH_KEYS]
        return any(fits)

    def read_events(self, delivery: Delivery) -> tuple[Event, ...]:
        said = json.loads(delivery.body)
        shops = tuple(RemoteId(one) for one in said["shops"])
        return (Event(str(said["id"]), str(said["kind"]), shops),)

    def _prove(self, access: Access) -> None:
        if access.remote_id in self.withdrawn:
            raise CredentialsExpired(GONE)


class Installed(Consenting):
    """As the application builds it from its settings; what the marketplace knows is shared by all that are built."""

    manifest = asking_consent(RehearsalConnector.manifest)
    codes: ClassVar[dict[str, RemoteId]] = {}  # type: ignore[misc]  # here of the class
    withdrawn: ClassVar[set[RemoteId]] = set()  # type: ignore[misc]  # likewise
    unproven: ClassVar[set[RemoteId]] = set()  # type: ignore[misc]  # likewise
    troubles: ClassVar[list[MarketplaceError]] = []  # type: ignore[misc]  # likewise

    def __init__(self, settings: Mapping[str, object], equipment: Equipment) -> None:
        super().__init__(settings, equipment)
        vars(self)["manifest"] = asking_consent(self.manifest)


def installed(name: str) -> type[Installed]:
    """In place of the registry's `connector_type`: whatever is configured asks for consent."""
    del name
    return Installed


def install(patch: pytest.MonkeyPatch) -> None:
    """Whatever is configured asks for consent from now on, in all modules that look connectors up."""
    for module in (registry, checks_of_configuration, exporting, marketplaces, planning):
        patch.setattr(module, "connector_type", installed)


@dataclass
class Bell:
    """Remembers who was rung for."""

    rung: list[tuple[StoreId, Lane]] = field(default_factory=list[tuple[StoreId, Lane]])

    async def ring(self, due: Sequence[tuple[StoreId, Lane]]) -> None:
        self.rung += due


@dataclass
class Fair:
    """A town whose marketplace asks for consent, with our doors onto it."""

    town: Town
    connector: Consenting
    bell: Bell
    doors: Doors
    inbox: Inbox

    async def draft(self, products: int = 2) -> StoreId:
        """A store ordered and prepared; it waits for its owner."""
        [store] = await self.drafts(1, products)
        return store

    async def drafts(self, number: int, products: int = 2) -> list[StoreId]:
        stores = await self.town.order(await self.town.settle(number, products))
        for store in stores:
            await self.town.pass_over(store)
        return stores

    async def link(self, store: StoreId, canvasser: str | None = None) -> PersonalLink:
        work = await self.town.work_of(store)
        around, shows = self.town.around, CanvasserId(canvasser) if canvasser else None
        async with self.town.database.write() as tx:
            bearer = bearer_of(work, shows)
            return await personal_link(
                tx, around.vault, bearer, now=self.town.clock(), span=around.link_span
            )

    async def visit(self, store: StoreId) -> str:
        """Follow the store's link; returns the state that goes along."""
        link = await self.link(store)
        visit = await self.doors.follow(link.token.get_secret_value(), DEVICE)
        assert visit.address is not None
        return dict(parse_qsl(urlsplit(visit.address.get_secret_value()).query))["state"]

    async def sign_up(self, name: str) -> RemoteId:
        """A trader opens a shop of their own on the marketplace."""
        opened = await RehearsalConnector.open_store(
            self.connector, store_content(name, f"Toko {name}")
        )
        return opened.store.remote_id

    def agree(self, shop: RemoteId, code: str = "kode-1") -> str:
        """The trader agrees on the marketplace's page; it gives this code."""
        self.connector.codes[code] = shop
        return code

    async def come_back(self, state: str, code: str | None) -> Arrival:
        query = {"state": state} | ({"code": code} if code else {})
        return await self.doors.arrive(REHEARSAL, query)

    async def authorise(self, store: StoreId, shop: RemoteId) -> Arrival:
        """Link, agreement, callback."""
        state = await self.visit(store)
        return await self.come_back(state, self.agree(shop, f"kode-{shop}-{state[:6]}"))

    async def open_shop(self, store: StoreId) -> RemoteId:
        """A trader signs up, consents, and the catalogue goes up."""
        shop = await self.sign_up(store.partition("@")[0])
        assert await self.authorise(store, shop) is Arrival.AUTHORISED
        await self.town.run_until_quiet()
        return shop

    def withdraw(self, shop: RemoteId) -> None:
        """The trader takes the consent back; the next look finds out."""
        self.connector.withdrawn.add(shop)
        self.town.clock.pass_by(timedelta(minutes=11))

    def lost_answer(self, *, used: bool) -> None:
        """The next exchange's answer does not come; whether the code is used up shows later."""
        self.connector.troubles.append(OutcomeUnknown(UNREACHABLE))
        self.connector.used_anyway = used

    async def codes_of_tasks(self) -> list[str]:
        return sorted(one.code for one in await self.town.tasks())


def a_fair(town: Town) -> Fair:
    """The town's marketplace asks for consent from now on."""
    connector = with_connector(town, Consenting)
    vars(connector)["manifest"] = asking_consent(connector.manifest)
    connector.codes, connector.withdrawn, connector.unproven = {}, set(), set()
    connector.troubles = []
    bell = Bell()
    doors = Doors(town.around, bell, PUBLIC, timedelta(minutes=60))
    return Fair(town, connector, bell, doors, Inbox(town.around, bell, PUBLIC))


def message(event: str, *shops: str, kind: str = "item", key: str = PUSH_KEYS[0]) -> Delivery:
    """A genuine message of the marketplace's."""
    body = json.dumps({"id": event, "kind": kind, "shops": shops}).encode()
    bare = Delivery(f"{PUBLIC}/webhooks/{REHEARSAL}", {}, body)
    return replace(bare, headers={"x-signature": signature(key, bare)})


def signature(key: str, delivery: Delivery) -> str:
    signed = f"{delivery.url}|".encode() + delivery.body
    return hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def _anybody(shop: RemoteId) -> Access:
    """The way in for a token that is just being fetched."""
    return Access(Reference("-"), shop, Credentials(SecretStr("{}")))
