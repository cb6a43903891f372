"""Field work as phones see it: records to shapes."""

from collections.abc import Sequence

from onboarder.api.v1.etag import etag
from onboarder.api.v1.field_answers import (
    ConsentShown,
    EventShown,
    GoodShown,
    GoodVersion,
    ListingShown,
    MerchantItem,
    MerchantVersion,
    MissingShown,
    ReadinessShown,
    StepShown,
    StoreBrief,
    TaskShown,
    TurnedShown,
    VariantShown,
    WarningShown,
)
from onboarder.field.consent_texts import Lang
from onboarder.field.goods import name_on_phones
from onboarder.field.opening import Turned
from onboarder.field.readiness import Lack, Readiness
from onboarder.field.view import Shelf
from onboarder.field.work import ShownStore, ShownTask
from onboarder.intake.names import block_and_stall
from onboarder.model.consents import GivenConsent
from onboarder.model.goods import Product
from onboarder.records.field import Entry
from onboarder.records.history import Event, Told

_SHARED = {
    "phone": (
        "Nomor HP ini juga dipakai {number} pedagang lain; marketplace bisa menolaknya. Pakai nomor pedagang sendiri.",
        "This phone number stands behind {number} other merchants; marketplaces may refuse or block them. Use their own.",
    ),
    "email": (
        "Email ini juga dipakai {number} pedagang lain; marketplace bisa menolaknya. Pakai email pedagang sendiri.",
        "This e-mail address stands behind {number} other merchants; marketplaces may refuse or block them. Use their own.",
    ),
    "device": (
        "HP ini juga dipakai {number} pedagang lain; marketplace bisa mencurigainya. Pakai HP pedagang sendiri.",
        "This phone stands behind {number} other merchants; marketplaces may become suspicious. Use their own.",
    ),
}


def version_of(entry: Entry) -> MerchantVersion:
    one = entry.merchant
    return MerchantVersion(
        market=one.market,
        name=one.name,
        shop_name=one.shop_name,
        stall=one.stall,
        phone=one.phone,
        email=one.email,
        goods=one.goods,
    )


def item(entry: Entry) -> MerchantItem:
    one = entry.merchant
    block, stall = block_and_stall(one.stall)
    return MerchantItem(
        id=one.id,
        field_id=entry.field_id,
        market=one.market,
        name=one.name,
        shop_name=one.shop_name,
        block=block,
        stall=stall,
        goods=one.goods,
        trained_on=one.trained_on,
        registered_by=entry.registered_by,
        registered_at=entry.registered_at,
        updated_at=entry.changed_at,
        practice=entry.practice,
    )


def warnings(shared: dict[str, int], lang: Lang) -> list[WarningShown]:
    return [
        WarningShown(code=f"{name}_shared", title=said(lang, *_SHARED[name]).format(number=number))
        for name, number in shared.items()
    ]


def good_version(one: Product) -> GoodVersion:
    """Of several variants the lowest price and the whole stock."""
    named = [variant for variant in one.variants if variant.name]
    return GoodVersion(
        id=name_on_phones(one),
        reference=one.id,
        name=one.name,
        price=min((variant.price for variant in one.variants), default=0),
        stock=sum(variant.stock for variant in one.variants),
        weight_grams=one.weight_grams,
        category=one.category,
        description=one.description,
        photos=[str(photo) for photo in one.photos],
        variants=[
            VariantShown(name=variant.name, price=variant.price, stock=variant.stock)
            for variant in named
        ],
        active=one.active,
    )


def good(one: Product, shelf: Sequence[Shelf]) -> GoodShown:
    version = good_version(one)
    listings = [
        ListingShown(marketplace=place.marketplace, state=place.state, reason=place.reason)
        for place in shelf
        if place.product == one.id
    ]
    return GoodShown(**version.model_dump(), etag=etag(version), listings=listings)


def consent(one: GivenConsent) -> ConsentShown:
    return ConsentShown(
        id=one.id,
        purpose=one.purpose,
        marketplace=one.marketplace,
        text_version=one.text_version,
        text_digest=one.text_digest,
        given=one.given,
        read_aloud=one.read_aloud,
        signed=one.signature is not None,
        at=one.at,
        recorded_at=one.recorded_at,
        by=one.by,
    )


def store(shown: ShownStore) -> StoreBrief:
    one, brief = shown.one, shown.brief
    return StoreBrief(
        id=one.store.id,
        merchant=one.store.merchant_id,
        merchant_field_id=one.field_id,
        marketplace=one.store.marketplace,
        stage=brief.stage,
        done=brief.done,
        total=brief.total,
        sentence=brief.sentence,
        who=brief.who,
        url=one.store.url,
        updated_at=shown.updated_at,
    )


def task(shown: ShownTask) -> TaskShown:
    one = shown.task
    return TaskShown(
        id=one.id,
        store=one.store_id,
        merchant=one.merchant_id,
        code=one.code,
        who=one.who,
        title=shown.title,
        choices=list(one.choices),
        created_at=one.created_at,
        blocks=shown.blocks,
    )


def event(one: Event, lang: Lang) -> EventShown:
    call = one.what if one.told is Told.CALL else None
    told = said(lang, one.id_text, one.en_text)
    return EventShown(at=one.at, who=one.who, what=told or one.what, call=call, answer=one.answer)


def readiness(one: Readiness, lang: Lang) -> ReadinessShown:
    return ReadinessShown(
        marketplace=one.marketplace,
        title=one.title,
        ready=one.ready,
        minutes=one.minutes,
        missing=[_lack(lack, lang) for lack in one.lacks],
        steps=[
            StepShown(who=step.who, title=said(lang, step.id, step.en), minutes=step.minutes)
            for step in one.steps
        ],
    )


def turned(one: Turned, lang: Lang) -> TurnedShown:
    need = one.lack.need
    title = said(lang, "Toko belum bisa dibuka di sini", "The shop cannot be opened here yet")
    return TurnedShown(
        marketplace=one.marketplace,
        code=one.lack.code,
        title=title,
        next=said(lang, need.id, need.en),
    )


def said(lang: Lang, indonesian: str, english: str) -> str:
    return indonesian if lang == "id" else english


def _lack(one: Lack, lang: Lang) -> MissingShown:
    subject = name_on_phones(one.subject) if one.subject else None
    title = said(lang, one.need.id, one.need.en)
    return MissingShown(
        code=one.code,
        subject=subject,
        title=f"{one.subject.name}: {title}" if one.subject else title,
        who=one.need.who,
        minutes=one.need.minutes,
    )
