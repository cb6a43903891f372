"""The counter: one call is one commit. Due work, the dials, the rules, the call itself and its log row go together."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate

from pydantic import BaseModel, ValidationError

from onboarder_rehearsal.server import categories, item_rows, sellers
from onboarder_rehearsal.server.callers import Call, Caller, identify
from onboarder_rehearsal.server.dials import BEFORE, Dial, Dials, Fault, Strikes
from onboarder_rehearsal.server.endpoints import ENDPOINTS, Endpoint
from onboarder_rehearsal.server.pace import Pace, retry_after, too_fast
from onboarder_rehearsal.server.rules import Rules
from onboarder_rehearsal.server.state import State
from onboarder_rehearsal.server.visit import Refused, Reply, SellerPhase, Visit

_BY_NAME = {f"{endpoint.method} {endpoint.path}": endpoint for endpoint in ENDPOINTS}


@dataclass(frozen=True, slots=True)
class Served:
    """What was decided for a call: the honest reply and the faults that spoil it."""

    reply: Reply
    strikes: Strikes
    headers: Mapping[str, str]


class Desk:
    """The marketplace behind the API. `clock` is seconds since the epoch."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self.state = state
        self._clock = clock
        with state.commit():
            categories.plant(state)
        self.rules = Rules.model_validate_json(state.setting("rules") or "{}")
        self.dials = Dials(state)
        self._ahead = float(state.setting("clock_ahead") or 0)
        self._number = state.count("SELECT max(no) FROM log")
        self._pace = Pace()

    def now(self) -> float:
        return self._clock() + self._ahead

    def set_rules(self, rules: Rules) -> None:
        """Other rules from now on; inside a commit."""
        self.state.set_setting("rules", rules.model_dump_json())
        self.rules = rules
        self._pace = Pace()

    def advance(self, seconds: float) -> None:
        """Let the marketplace's time jump; inside a commit."""
        self._ahead += seconds
        self.state.set_setting("clock_ahead", str(self._ahead))

    def tick(self) -> None:
        """Carry out what has come due: late calls and reviews."""
        now = self.now()
        if self._is_due(now):
            with self.state.commit():
                self._carry_out_due(now)

    def serve(self, call: Call) -> Served:
        """Decide and do one call; committed when this returns."""
        now = self.now()
        with self.state.commit():
            if self._is_due(now):
                self._carry_out_due(now)
            self._number += 1
            caller = identify(self.state, call, now)
            strikes = self.dials.strike(
                self.rules.seed, call.endpoint.method, call.endpoint.path, caller.store
            )
            reply = self._reply(call, caller, strikes, now)
            self._log(call.endpoint, caller.store, reply, strikes, now)
        return Served(reply, strikes, self._headers(reply, strikes, now))

    def announce(self, event: str, store: str, key: str, phase: str) -> None:
        """Leave a notice for the webhook, if there is one; inside a commit."""
        if self.rules.webhook_url is not None:
            notice = {"event": event, "seller": store, "external_key": key, "phase": phase}
            self.state.add("INSERT INTO notice (body) VALUES (?)", json.dumps(notice))

    def _reply(self, call: Call, caller: Caller, strikes: Strikes, now: float) -> Reply:
        for fault, dial in strikes.items():
            if fault in BEFORE:
                return self._instead(call, caller, strikes, dial, now)
        try:
            self._pace.check(self.rules, caller, now)
            caller = self._misfortunes(call, caller, strikes, now)
            if caller.refusal is not None:
                raise caller.refusal
        except Refused as refused:
            return refused.reply()
        return self._done(call, caller, strikes, now)

    def _done(self, call: Call, caller: Caller, strikes: Strikes, now: float) -> Reply:
        """Carry the call out; refused, it leaves nothing behind."""
        try:
            with self.state.attempt():
                return call.endpoint.handle(self._visit(call, caller, strikes, now))
        except Refused as refused:
            return refused.reply()

    def _visit(self, call: Call, caller: Caller, strikes: Strikes, now: float) -> Visit:
        return Visit(
            state=self.state,
            rules=self.rules,
            now=now,
            number=self._number,
            partner=caller.partner,
            seller_no=caller.seller_no,
            places=call.places,
            query=call.query,
            body=call.body,
            media_type=call.media_type,
            base_url=call.base_url,
            strikes=strikes,
        )

    def _instead(
        self, call: Call, caller: Caller, strikes: Strikes, dial: Dial, now: float
    ) -> Reply:
        """What a fault answers in place of doing the call."""
        shown = now + self._skew(strikes)
        match dial.fault:
            case Fault.LIMITED:
                scope = "partner" if dial.store is None else "seller"
                return too_fast(scope, dial.seconds, dial.retry_after or "seconds", shown).reply()
            case Fault.UNAVAILABLE:
                headers = retry_after(dial.seconds, dial.retry_after or "none", shown)
                return Refused(503, "maintenance", "closed for a moment", headers=headers).reply()
            case Fault.LATE_COMMIT:
                self._postpone(call, caller, now + dial.seconds)
            case _:
                pass
        return Refused(500, "broken", "something broke").reply()

    def _postpone(self, call: Call, caller: Caller, due: float) -> None:
        if caller.refusal is not None:
            return
        spec = {
            "endpoint": f"{call.endpoint.method} {call.endpoint.path}",
            "places": dict(call.places),
            "query": dict(call.query),
            "media_type": call.media_type,
            "base_url": call.base_url,
            "partner": caller.partner,
            "seller_no": caller.seller_no,
            "store": caller.store,
        }
        self.state.add(
            "INSERT INTO late (due, spec, body) VALUES (?, ?, ?)", due, json.dumps(spec), call.body
        )

    def _misfortunes(self, call: Call, caller: Caller, strikes: Strikes, now: float) -> Caller:
        """Faults that change the marketplace before the call is looked at."""
        if Fault.TOKEN_DEATH in strikes and caller.seller_no is not None:
            self.state.run("DELETE FROM token WHERE seller_no = ?", caller.seller_no)
            caller = identify(self.state, call, now)
        if Fault.STORE_SUSPENDED in strikes and caller.seller_no is not None:
            note = "toko diperiksa oleh petugas"
            sellers.set_seller_phase(self.state, caller.seller_no, SellerPhase.FROZEN, note)
            self.announce("seller", caller.store, caller.store, SellerPhase.FROZEN)
        if Fault.CATEGORY_WITHDRAWN in strikes:
            for code in _categories_named(call.body):
                categories.set_open(self.state, code, is_open=False)
        return caller

    def _is_due(self, now: float) -> bool:
        return (
            self.state.one(
                "SELECT 1 WHERE EXISTS (SELECT 1 FROM late WHERE due <= ?1)"
                " OR EXISTS (SELECT 1 FROM seller WHERE review_at <= ?1)"
                " OR EXISTS (SELECT 1 FROM item WHERE review_at <= ?1)",
                now,
            )
            is not None
        )

    def _carry_out_due(self, now: float) -> None:
        for row in self.state.all("SELECT * FROM late WHERE due <= ? ORDER BY due, no", now):
            self.state.run("DELETE FROM late WHERE no = ?", row["no"])
            self._carry_out(row, now)
        for row in sellers.decide_sellers(self.state, self.rules, now):
            self._announce_seller(row["no"])
        for row in item_rows.decide_items(self.state, self.rules, now):
            self._announce_item(row["no"])

    def _carry_out(self, row: sqlite3.Row, now: float) -> None:
        spec = json.loads(row["spec"])
        endpoint = _BY_NAME[spec["endpoint"]]
        self._number += 1
        call = Call(
            endpoint,
            spec["places"],
            spec["query"],
            row["body"],
            spec["media_type"],
            "",
            spec["base_url"],
        )
        caller = Caller(spec["partner"], spec["seller_no"], spec["store"])
        reply = self._done(call, caller, {}, now)
        self._log(endpoint, caller.store, reply, {}, now, note="late_commit.done")

    def _announce_seller(self, number: int) -> None:
        row = self.state.one("SELECT external_key, phase FROM seller WHERE no = ?", number)
        if row is not None:
            self.announce("seller", row["external_key"], row["external_key"], row["phase"])

    def _announce_item(self, number: int) -> None:
        row = self.state.one(
            "SELECT i.external_key, i.phase, s.external_key AS store FROM item i JOIN seller s"
            " ON s.no = i.seller_no WHERE i.no = ?",
            number,
        )
        if row is not None:
            self.announce("item", row["store"], row["external_key"], row["phase"])

    def _log(
        self,
        endpoint: Endpoint,
        store: str,
        reply: Reply,
        strikes: Strikes,
        now: float,
        *,
        note: str | None = None,
    ) -> None:
        self.state.add(
            "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self._number,
            now,
            endpoint.method,
            endpoint.path,
            store or None,
            reply.status,
            reply.fault or None,
            note or ",".join(sorted(strikes)) or None,
            f"R{self._number}",
        )

    def _headers(self, reply: Reply, strikes: Strikes, now: float) -> dict[str, str]:
        date = formatdate(now + self._skew(strikes), usegmt=True)
        return {"Date": date, "X-Request-Id": f"R{self._number}", **reply.headers}

    def _skew(self, strikes: Strikes) -> float:
        """Seconds by which the clock that this answer shows is wrong."""
        dial = strikes.get(Fault.CLOCK_SKEW)
        return self.rules.clock_skew_seconds + (dial.seconds if dial is not None else 0)


def _categories_named(body: bytes) -> set[str]:
    """The categories that a call on items names, alone or in a batch."""
    try:
        named = _Named.model_validate_json(body)
    except ValidationError:
        return set()
    return {item.category for item in (named, *named.items) if item.category}


class _NamedCategory(BaseModel):
    category: str = ""


class _Named(_NamedCategory):
    items: tuple[_NamedCategory, ...] = ()
