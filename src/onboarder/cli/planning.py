"""`onboarder plan`: what would be done, in how many calls and minutes; changes nothing."""

from collections import Counter
from collections.abc import Sequence

from rich.console import RenderableType

from onboarder.application import Application
from onboarder.cli.choosing import Choice
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.tables import Cell, table
from onboarder.connector.daily import calls_for
from onboarder.connector.errors import Advice
from onboarder.connector.registry import connector_type
from onboarder.converge.orders import lane_for
from onboarder.converge.outlook import Outlook, outlook
from onboarder.model.ids import MarketplaceName, app_key
from onboarder.model.people import Merchant
from onboarder.model.work import Lane
from onboarder.records.usage import used
from onboarder.records.works import works
from onboarder.rules.gate import refusal

SHOWN = 5
"""Examples shown on screen per reason; --json has them all."""


async def plan(desk: Desk, choice: Choice) -> int:
    async with desk.application() as app:
        merchants = await choice.merchants(app)
        lane = lane_for(sum(refusal(one) is None for one in merchants))
        names = choice.marketplace_names(app)
        seen = [await _look(app, merchants, name, lane) for name in names]
    desk.show(_document(desk, seen), lambda: _render(desk, seen))
    if seen and not choice.all_trained:
        _tell(desk, "plan.refused", [(one, why) for one, why in seen[0].refused])
    for one in seen:
        _tell(desk, "plan.faults", list(one.faults), marketplace=one.marketplace)
        if one.stopped:
            desk.say("plan.stopped", marketplace=one.marketplace, count=len(one.stopped))
        _tell_quotas(desk, one)
    desk.say("plan.nothing_changed")
    nobody = seen and all(len(one.refused) == one.merchants for one in seen)
    return Exit.REFUSED if nobody else Exit.DONE


async def _look(
    app: Application, merchants: Sequence[Merchant], name: MarketplaceName, lane: Lane
) -> Outlook:
    config = app.marketplace_config(name)
    manifest = connector_type(config.connector).manifest
    quotas = config.quotas_over(manifest.quotas)
    apps, now = tuple(one.name for one in config.every_app), app.clock()
    async with app.database.read() as tx:
        found = await works(tx, merchants, name)
        usage = await used(tx, name, apps, quotas, now)
    return outlook(
        found,
        marketplace=name,
        manifest=manifest,
        categories=app.categories(name),
        programme=app.programme,
        per_second=config.rate(manifest),
        lane=lane,
        now=now,
        quotas=quotas,
        apps=apps,
        used=usage,
    )


def _document(desk: Desk, seen: Sequence[Outlook]) -> object:
    return {
        "marketplaces": [
            {
                "marketplace": one.marketplace,
                "merchants": one.merchants,
                "stores": one.stores,
                "drafts": one.drafts,
                "listings": one.listings,
                "updates": one.updates,
                "withdrawals": one.withdrawals,
                "photos": one.photos,
                "calls": one.calls,
                "calls_per_second": one.per_second,
                "minutes": round(one.minutes, 1),
                "days": max(one.days.values(), default=1),
                "binding_quota": one.binding,
                "apps_needed": one.apps_needed,
                "apps_configured": len(one.apps),
                "stores_by_app": _by_app(one),
                "person_minutes": one.person_minutes,
                "stopped": [{"store": store, "state": state} for store, state in one.stopped],
                "refused": [
                    {"merchant": who, **_advice(desk, advice)} for who, advice in one.refused
                ],
                "faults": [
                    {"product": what, **_advice(desk, advice)} for what, advice in one.faults
                ],
            }
            for one in seen
        ],
        "minutes": round(max((one.minutes for one in seen), default=0.0), 1),
    }


def _advice(desk: Desk, advice: Advice) -> dict[str, str]:
    text = desk.words.either(advice.id, advice.en)
    return {"code": advice.code, "who": advice.who, "text": text}


_COLUMNS = ("drafts", "stores", "listings", "updates", "withdrawals", "photos", "calls")


def _render(desk: Desk, seen: Sequence[Outlook]) -> list[RenderableType]:
    words = desk.words
    header = [words("word.marketplace"), words("plan.allowed")]
    columns = _COLUMNS if any(one.drafts for one in seen) else _COLUMNS[1:]
    header += [words(f"plan.{name}") for name in columns]
    header += [words("plan.minutes"), words("plan.person_minutes")]
    rows: list[list[Cell]] = [
        [
            one.marketplace,
            one.merchants - len(one.refused),
            *(int(getattr(one, name)) for name in columns),
            f"{one.minutes:.1f}",
            one.person_minutes,
        ]
        for one in seen
    ]
    return [table(header, rows)]


def _tell_quotas(desk: Desk, one: Outlook) -> None:
    """What takes days, or more apps than one, however fast it is done."""
    if one.binding is not None:
        limit: int = getattr(one.quotas, one.binding)
        known = {"marketplace": one.marketplace, "limit": limit, "days": one.days[one.binding]}
        night = calls_for(Lane.NIGHT, limit)
        desk.say(f"plan.{one.binding}", **known, night=night, used=one.used.calls)
    facts = {"marketplace": one.marketplace, "apps": one.apps_needed, "configured": len(one.apps)}
    if one.apps_needed > len(one.apps):
        desk.say("plan.stores_per_app", **facts, limit=one.quotas.stores_per_app)
    if len(one.apps) > 1:
        spread = ", ".join(f"{app} {number}" for app, number in _by_app(one).items())
        desk.say("plan.stores_by_app", **facts, spread=spread)


def _by_app(one: Outlook) -> dict[str, int]:
    return {app_key(one.marketplace, app): number for app, number in one.spread.items()}


def _tell(desk: Desk, key: str, cases: Sequence[tuple[str, Advice]], **facts: object) -> None:
    """The reasons, each once, with how many and a few examples."""
    if not cases:
        return
    desk.say(key, count=len(cases), **facts)
    advices = {advice.code: advice for _, advice in reversed(cases)}
    for code, number in Counter(advice.code for _, advice in cases).most_common():
        examples = [what for what, advice in cases if advice.code == code][:SHOWN]
        more = " …" if number > SHOWN else ""
        said = desk.words.either(advices[code].id, advices[code].en)
        desk.tell(f"  {number} × {said}\n      {', '.join(examples)}{more}")
