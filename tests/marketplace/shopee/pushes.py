"""Pushes: what they say, and how they are sent, doubled, shuffled, held, retried and lost."""

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence

import httpx
from pydantic import TypeAdapter

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee.rules import Reading, Rules
from tests.marketplace.shopee.shelf import Item
from tests.marketplace.shopee.signing import body_only_signature, push_signature
from tests.marketplace.shopee.visit import Asked, Level, Reply, Visit, get, post

PATIENCE_SECONDS = 3.0
RETRY_SECONDS = (300, 1800, 10_800)
LOST_MOST = 100
BODY: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])


def leave(state: State, rules: Rules, now: float, body: Mapping[str, object]) -> None:
    """Leave a push to be sent, if somebody listens."""
    if rules.push_url is not None:
        text = json.dumps({**body, "timestamp": int(now)})
        state.run("INSERT INTO push (body, due) VALUES (?, ?)", text, now)


def authorised(state: State, rules: Rules, now: float, owner: str, shops: Sequence[int]) -> None:
    """Code 1."""
    text = ", ".join(f"shop id {shop} (ID)" for shop in shops)
    extra = f"{text} has been authorized successfully"
    main = {} if owner == "shop" else {"main_account_id": int(owner.split()[1])}
    who = {"shop_id": shops[0]} if owner == "shop" else {**main, "shop_id_list": [*shops]}
    data = {"authorize_type": "shop authorization by user", "extra": extra, **who, "success": 1}
    _leave_of_partner(state, rules, now, 1, data)


def cancelled(state: State, rules: Rules, now: float, shop: int) -> None:
    """Code 2 after the seller has withdrawn; sources disagree on whether it names the shop."""
    extra = f"shop id {shop} (ID) has been cancelled its authorization"
    data = {"authorize_type": "user cancel shop authorization", "success": 1, "extra": extra}
    who = {} if rules.push_cancel_without_id else {"shop_id": shop}
    _leave_of_partner(state, rules, now, 2, {**data, **who})


def ended(state: State, rules: Rules, now: float, shop: int) -> None:
    """Code 2 after the authorization is over; spelt `shopid` here."""
    data = {"authorize_type": "expiry", "success": 1, "extra": "The authorization is expired."}
    who = {} if rules.push_cancel_without_id else {"shopid": shop}
    _leave_of_partner(state, rules, now, 2, {**data, **who})


def abnormal(state: State, rules: Rules, now: float, shop: int) -> None:
    """Code 2 for a frozen shop."""
    data = {"authorize_type": "App status is abnormal", "success": 1, "shop_id": shop}
    _leave_of_partner(state, rules, now, 2, data)


def ending_soon(state: State, rules: Rules, now: float, shops: Sequence[int], before: int) -> None:
    """Code 12."""
    data = {
        "merchant_expire_soon": [],
        "shop_expire_soon": [*shops],
        "user_expire_soon": [],
        "expire_before": before,
        "page_no": 1,
        "total_page": 1,
    }
    leave(state, rules, now, {"code": 12, "data": data})


def item_refused(state: State, rules: Rules, now: float, item: Item) -> None:
    """Code 16, or 6."""
    code = 6 if rules.reads(Reading.PUSH_6) else 16
    is_spelt_so = rules.reads(Reading.DEBOOSTED_DETAILS)
    details = "deboosted_details" if is_spelt_so else "deboost_details"
    data = {
        "item_id": item.item_id,
        "item_name": item.name,
        "item_status": item.status,
        "deboost": item.deboost,
        "item_status_details": [one.model_dump() for one in item.violations],
        details: [],
    }
    leave(state, rules, now, {"code": code, "shop_id": item.shop_id, "data": data})


def _leave_of_partner(
    state: State, rules: Rules, now: float, code: int, data: Mapping[str, object]
) -> None:
    leave(state, rules, now, {"code": code, "partner_id": rules.partner_id, "data": {**data}})


class PostOffice:
    """Sends what is due; answers other than an empty 2xx within three seconds have failed."""

    def __init__(
        self,
        state: State,
        rules: Callable[[], Rules],
        now: Callable[[], float],
        open_client: Callable[[], httpx.AsyncClient],
    ) -> None:
        self._state = state
        self._rules = rules
        self._now = now
        self._open_client = open_client

    async def send_all(self) -> int:
        """One round; answers how many posts were made."""
        round_ = self._take_round()
        if not round_:
            return 0
        async with self._open_client() as client:
            for number, body in round_:
                self._record(number, arrived=await self._send(client, body))
        return len(round_)

    def _take_round(self) -> list[tuple[int, bytes]]:
        rules = self._rules()
        if rules.push_held or rules.push_url is None:
            return []
        due = "SELECT no, body FROM push WHERE state = 'waiting' AND due <= ? ORDER BY no LIMIT 200"
        round_: list[tuple[int, bytes]] = []
        for row in self._state.all(due, self._now()):
            chance = random.Random(f"{rules.seed}/push/{row['no']}")
            if chance.random() < rules.push_lost:
                self._state.run("UPDATE push SET state = 'lost' WHERE no = ?", row["no"])
                continue
            times = 2 if chance.random() < rules.push_doubled else 1
            round_ += [(row["no"], str(row["body"]).encode())] * times
        if rules.push_shuffled:
            random.Random(f"{rules.seed}/round/{len(round_)}").shuffle(round_)
        return round_

    def _record(self, number: int, *, arrived: bool) -> None:
        """A push that failed comes again three times, and is lost then."""
        row = self._state.one("SELECT tries, state FROM push WHERE no = ?", number)
        if row is None or row["state"] != "waiting":
            return
        if arrived or row["tries"] == len(RETRY_SECONDS):
            end = "arrived" if arrived else "lost"
            self._state.run("UPDATE push SET state = ? WHERE no = ?", end, number)
            return
        due = self._now() + RETRY_SECONDS[int(row["tries"])]
        self._state.run("UPDATE push SET tries = tries + 1, due = ? WHERE no = ?", due, number)

    async def _send(self, client: httpx.AsyncClient, body: bytes) -> bool:
        rules = self._rules()
        assert rules.push_url is not None
        headers = {"Content-Type": "application/json", "Authorization": _signature(rules, body)}
        try:
            answer = await asyncio.wait_for(
                client.post(rules.push_url, content=body, headers=headers), PATIENCE_SECONDS
            )
        except (httpx.HTTPError, TimeoutError):
            return False
        return answer.is_success and not answer.content


def _signature(rules: Rules, body: bytes) -> str:
    if rules.push_formula == "body":
        return body_only_signature(rules.signs_pushes_with, body)
    return push_signature(
        rules.signs_pushes_with, rules.push_registered_url or str(rules.push_url), body
    )


class Consumed(Asked):
    last_message_id: int


def lost_pushes(visit: Visit) -> Reply:
    """The oldest that nobody confirmed; the original message is text inside `data`."""
    rows = visit.state.all("SELECT no, body FROM push WHERE state = 'lost' ORDER BY no")
    shown = rows[:LOST_MOST]
    listed = [_lost(str(row["body"])) for row in shown]
    last = shown[-1]["no"] if shown else 0
    more = len(rows) > LOST_MOST
    return _success(
        visit, {"push_message_list": listed, "has_next_page": more, "last_message_id": last}
    )


def confirm_lost(visit: Visit) -> Reply:
    last = visit.read(Consumed).last_message_id
    visit.state.run("UPDATE push SET state = 'confirmed' WHERE state = 'lost' AND no <= ?", last)
    return _success(visit, None)


def _success(visit: Visit, response: object) -> Reply:
    answer = visit.ok(response)
    dash = {"error": "-"} if visit.rules.reads(Reading.DASH) else {}
    return Reply({**answer.content, **dash})


def _lost(body: str) -> dict[str, object]:
    message = BODY.validate_json(body)
    top: dict[str, object] = {
        name: message[name] for name in ("shop_id", "code", "timestamp") if name in message
    }
    return {**top, "data": body}


ENDPOINTS = (
    get("push/get_lost_push_message", lost_pushes, level=Level.PUBLIC),
    post("push/confirm_consumed_lost_push_message", confirm_lost, level=Level.PUBLIC),
)
