"""`/consent-texts` and `/merchants/{merchant}/consents`: what merchants are asked, and what they answered."""

from fastapi import APIRouter

from onboarder.api.premises import Premises
from onboarder.api.v1 import field_shown
from onboarder.api.v1.field_answers import ConsentShown, ConsentTextShown, ConsentTextsShown
from onboarder.api.v1.field_bodies import ConsentSent, InLang, MerchantKey, Worker
from onboarder.api.v1.once import Repeatable
from onboarder.field import consents
from onboarder.field.consent_texts import ConsentText, Lang
from onboarder.field.consents import Answered
from onboarder.model.ids import MarketplaceName


def router(premises: Premises) -> APIRouter:
    """`/consent-texts`, `/merchants/{merchant}/consents`."""
    made, kit = APIRouter(tags=["consents"]), premises.kit

    @made.get("/consent-texts")
    async def texts(who: Worker, lang: InLang = "id") -> ConsentTextsShown:
        del who
        current = kit.texts.current(list(kit.titles.items()))
        return ConsentTextsShown(items=[_text(one, lang) for one in current])

    @made.post("/merchants/{merchant}/consents", status_code=201)
    async def record(
        merchant: MerchantKey, who: Worker, sent: ConsentSent, once: Repeatable
    ) -> ConsentShown:
        """Appended for ever; taking back is one more, with `given` false."""

        async def work() -> str:
            return (await consents.record(kit, who, merchant, _answered(sent))).id

        made_id = await once.do(work)
        return field_shown.consent(await consents.recorded(kit, who, merchant, made_id))

    return made


def _answered(sent: ConsentSent) -> Answered:
    where = sent.marketplace
    return Answered(
        id=sent.id,
        purpose=sent.purpose,
        marketplace=None if where is None else MarketplaceName(where),
        text_version=sent.text_version,
        given=sent.given,
        read_aloud=sent.read_aloud,
        signature=sent.signature.box() if sent.signature else None,
        at=sent.at,
    )


def _text(one: ConsentText, lang: Lang) -> ConsentTextShown:
    wording = one.id if lang == "id" else one.en
    return ConsentTextShown(
        purpose=one.purpose,
        marketplace=one.marketplace,
        version=one.version,
        required=one.required,
        lang=lang,
        title=wording.title,
        text=wording.text,
        summary=wording.summary,
    )
