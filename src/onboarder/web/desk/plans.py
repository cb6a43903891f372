"""“Rencana”: what would be done for a market or a selection, its approval, and its run."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from fastapi import APIRouter, Response

from onboarder.model.ids import MarketCode, MarketplaceName, MerchantId
from onboarder.model.plans import Change, Difference, PlanState, Reason, Share
from onboarder.office.plans import Chosen, PlanRefused, PlanWhy, approve, draw_up, run
from onboarder.people.roles import Role
from onboarder.records import plans
from onboarder.records.plans import PlanRecord
from onboarder.web.desk.forms import text_of, texts_of
from onboarder.web.desk.frame import back_to, page
from onboarder.web.desk.html import Html, Node, el
from onboarder.web.desk.numbers import is_ulid, new_ulid
from onboarder.web.desk.parts import button, card, facts, note, post, select, shop_link, table, who
from onboarder.web.desk.visit import InOffice, NotThere, Visit

HERE = "/meja/rencana"
_FIGURES = ("stores", "drafts", "listings", "updates", "withdrawals", "photos", "calls")


def routes(made: APIRouter) -> None:
    @made.get("/rencana")
    async def everything(visit: InOffice) -> Response:
        around = visit.around
        async with around.database.read() as tx:
            known = await plans.newest(tx, around.programme.code)
        form = _form(visit) if visit.person.role is Role.COORDINATOR else None
        return page(visit, visit.words("plans.title"), form, _list(visit, known))

    @made.post("/rencana")
    async def make(visit: InOffice) -> Response:
        form = await visit.request.form(max_files=0, max_fields=100)
        market = text_of(form, "pasar")
        named = tuple(re.split(r"[\s,;]+", text_of(form, "pedagang"))) if not market else ()
        merchants = tuple(MerchantId(one) for one in dict.fromkeys(named) if one)
        places = tuple(MarketplaceName(one) for one in texts_of(form, "marketplace"))
        if not places or not (market or merchants) or not is_ulid(text_of(form, "nomor")):
            raise PlanRefused(PlanWhy.NOTHING_CHOSEN)
        chosen = Chosen(MarketCode(market) if market else None, merchants, places)
        number = text_of(form, "nomor")
        made_plan = await draw_up(visit.around, number, chosen, by=visit.person)
        return back_to(_address(made_plan))

    @made.get("/rencana/{number}")
    async def one(number: str, visit: InOffice) -> Response:
        plan = await _found(visit, number)
        return page(
            visit,
            visit.words("plans.one", what=_subject(visit, plan)),
            _state(visit, plan),
            _shares(visit, plan.shares),
            [_reasons(visit, "refused", one, one.refused) for one in plan.shares],
            [_reasons(visit, "faults", one, one.faults) for one in plan.shares],
        )

    @made.post("/rencana/{number}/setujui")
    async def agree(number: str, visit: InOffice) -> Response:
        form = await visit.request.form(max_files=0, max_fields=10)
        plan = await approve(visit.around, number, text_of(form, "sidik"), by=visit.person)
        return back_to(_address(plan), "plan_approved")

    @made.post("/rencana/{number}/jalankan")
    async def go(number: str, visit: InOffice) -> Response:
        plan = await run(visit.around, visit.premises.doorbell, number, by=visit.person)
        return back_to(_address(plan), f"plan_{plan.state}")


async def _found(visit: Visit, number: str) -> PlanRecord:
    around = visit.around
    async with around.database.read() as tx:
        plan = await plans.find(tx, around.programme.code, number)
    if plan is None:
        raise NotThere
    return plan


def _address(plan: PlanRecord) -> str:
    return f"{HERE}/{quote(plan.id)}"


def _subject(visit: Visit, plan: PlanRecord) -> str:
    if plan.market is None:
        return visit.words("plans.selection", count=len(plan.merchants))
    names = {one.code: one.name for one in visit.around.programme.markets}
    return names.get(plan.market, plan.market)


def _list(visit: Visit, known: Sequence[PlanRecord]) -> Html:
    words = visit.words
    rows: list[list[Node]] = [
        [
            el("a", _subject(visit, one), href=_address(one)),
            words.listed(_title(visit, place) for place in one.marketplaces),
            sum(share.stores + share.drafts for share in one.shares),
            words.time(one.made_at),
            _tag(visit, one.state),
        ]
        for one in known
    ]
    names = ("plan", "marketplace", "shops", "made", "state")
    header = [words(f"word.{one}") for one in names]
    body = table(header, rows, figures=[2], stack=True) if rows else el("p", words("plans.none"))
    return card(body, title=words("plans.list"))


def _form(visit: Visit) -> Html:
    words, around = visit.words, visit.around
    markets = [(str(one.code), one.name) for one in around.programme.markets]
    picks = [
        el(
            "label",
            el(
                "input",
                type="checkbox",
                name="marketplace",
                value=name,
                checked=len(around.marketplaces) == 1,
            ),
            _title(visit, name),
            class_="pick",
        )
        for name in around.marketplaces
    ]
    merchants = el(
        "label",
        words("plans.merchants"),
        el("span", " ", words("plans.merchants_hint")),
        el("textarea", name="pedagang", rows=3, placeholder="knm-7f3k2q8a"),
    )
    form = el(
        "form",
        el("input", type="hidden", name="nomor", value=new_ulid(visit.now)),
        el(
            "div",
            select(
                words("word.market"),
                "pasar",
                [*markets, ("", words("plans.only_some"))],
                markets[0][0],
            ),
            el("details", el("summary", words("plans.name_some")), merchants),
            class_="fields",
        ),
        el("fieldset", el("legend", words("plans.where")), picks),
        el("button", words("plans.draw_up")),
        method="post",
        action=HERE,
    )
    return card(el("p", words("plans.explain"), class_="soft"), form, title=words("plans.new"))


def _state(visit: Visit, plan: PlanRecord) -> Html:
    words = visit.words
    pairs: list[tuple[str, Node]] = [
        (words("word.state"), _tag(visit, plan.state)),
        (words("word.made"), f"{words.time(plan.made_at)} · {plan.made_by}"),
    ]
    if plan.approved_by:
        said = f"{words.time(plan.approved_at)} · {plan.approved_by}"
        pairs.append((words("plans.approved"), said))
    if plan.ended_by:
        pairs.append((words("plans.ended"), f"{words.time(plan.ended_at)} · {plan.ended_by}"))
    pairs.append((words("plans.fingerprint"), el("code", plan.digest[:16])))
    return card(facts(pairs), _next(visit, plan))


def _next(visit: Visit, plan: PlanRecord) -> Node:
    words = visit.words
    if plan.state is PlanState.STOPPED:
        return _differences(visit, plan.differences)
    if plan.state is PlanState.ORDERED:
        return note(words("plans.was_ordered"))
    if visit.person.role is not Role.COORDINATOR:
        return note(words("plans.coordinators"))
    if plan.state is PlanState.APPROVED:
        return post(f"{_address(plan)}/jalankan", button(words("plans.run")))
    if _is_empty(plan.shares):
        return None
    fingerprint = el("input", type="hidden", name="sidik", value=plan.digest)
    return post(f"{_address(plan)}/setujui", fingerprint, button(words("plans.approve")))


def _differences(visit: Visit, found: Sequence[Difference]) -> Html:
    words = visit.words
    rows: list[list[Node]] = [
        [shop_link(one.store), words(f"change.{one.change}"), _said(visit, one)] for one in found
    ]
    header = [words("word.shop"), words("word.change"), words("word.step")]
    return el(
        "div",
        note(words("plans.was_stopped"), tone="bad"),
        table(header, rows, stack=True),
        el("p", el("a", words("plans.again"), href=HERE)),
    )


def _said(visit: Visit, one: Difference) -> str:
    if one.change in {Change.STORE_ADDED, Change.STORE_GONE}:
        return ""
    kind, _, rest = one.line.partition(" ")
    subject = rest.partition(" ")[0] if kind.endswith("_listing") else ""
    return " ".join(filter(None, (visit.words(f"step.{kind}"), subject)))


def _shares(visit: Visit, shares: Sequence[Share]) -> Html:
    """One column per marketplace, as there are more figures than marketplaces."""
    words = visit.words
    columns = [_figures(visit, one) for one in shares]
    rows: list[list[Node]] = [
        [words(f"plan.{name}"), *(column[name] for column in columns)] for name in columns[0]
    ]
    header = ["", *(_title(visit, one.marketplace) for one in shares)]
    return card(
        note(words("plans.nothing")) if _is_empty(shares) else None,
        table(header, rows, figures=range(1, len(header))),
        [_quotas(visit, one) for one in shares],
        title=words("plans.what"),
    )


def _quotas(visit: Visit, share: Share) -> list[Html]:
    """What takes days, or more apps than there are, however fast it is done."""
    words, where, said = visit.words, _title(visit, share.marketplace), list[Html]()
    if share.binding_quota is not None:
        text = words(f"plans.{share.binding_quota}", marketplace=where, days=share.days)
        said.append(note(text))
    needed, configured = share.apps_needed, share.apps_configured
    if needed > configured:
        facts = {"marketplace": where, "apps": needed, "configured": configured}
        said.append(note(words("plans.stores_per_app", **facts), tone="warn"))
    return said


def _is_empty(shares: Sequence[Share]) -> bool:
    return all(one.calls + one.drafts == 0 for one in shares)


def _figures(visit: Visit, share: Share) -> dict[str, Node]:
    left_out = sum(reason.count for reason in share.refused)
    return {
        "merchants": share.merchants - left_out,
        "refused": left_out,
        **{name: int(getattr(share, name)) for name in _FIGURES},
        "minutes": visit.words.number(share.minutes, 1),
        "person_minutes": share.person_minutes,
    }


def _reasons(visit: Visit, kind: str, share: Share, reasons: Sequence[Reason]) -> Node:
    if not reasons:
        return None
    words = visit.words
    rows = [
        el(
            "div",
            el(
                "p",
                f"{words.number(one.count)} × {words.either(one.id, one.en)}",
                class_="sentence",
            ),
            el("p", who(words, one.who), " ", words.listed(one.examples), class_="soft"),
            class_="row",
        )
        for one in reasons
    ]
    return card(rows, title=words(f"plans.{kind}", marketplace=_title(visit, share.marketplace)))


def _title(visit: Visit, name: MarketplaceName) -> str:
    found = visit.around.marketplaces.get(name)
    return found.connector.manifest.title if found else name


def _tag(visit: Visit, state: PlanState) -> Html:
    tone = {PlanState.STOPPED: "tag bad", PlanState.DRAFTED: "tag warn"}.get(state, "tag")
    return el("span", visit.words(f"plan_state.{state}"), class_=tone)
