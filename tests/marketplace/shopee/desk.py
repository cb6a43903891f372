"""The counter: one call is one commit. Due work, the dials, the door, the call itself and its log row go together."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate

from starlette.datastructures import QueryParams

from onboarder_rehearsal.server.state import State
from tests.marketplace.shopee import door, misfortunes
from tests.marketplace.shopee.dials import BEFORE, Dial, Dials, Fault, Strikes
from tests.marketplace.shopee.door import Call
from tests.marketplace.shopee.endpoints import BY_PATH
from tests.marketplace.shopee.pace import Pace
from tests.marketplace.shopee.rules import Rules
from tests.marketplace.shopee.upkeep import age, carry_out_due
from tests.marketplace.shopee.visit import Level, Refused, Reply, Visit

RATE_LIMIT = Refused("error_rate_limit", "Your request is limited, please try later")
DAY_LIMIT = Refused("error_limit", "The daily limit of this app is used up")


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
        self.rules = Rules.model_validate_json(state.setting("rules") or "{}")
        self.dials = Dials(state)
        self._number = state.count("SELECT max(no) FROM log")
        self._pace = Pace(state)

    def now(self) -> float:
        """The server's clock, wrong if the rules say so."""
        return self._clock() + self.rules.clock_skew_seconds

    def set_rules(self, rules: Rules) -> None:
        """Other rules from now on; inside a commit."""
        self.state.set_setting("rules", rules.model_dump_json())
        self.rules = rules

    def advance(self, seconds: float) -> None:
        """Make everything that many seconds older, tokens and items and waits; inside a commit.

        The clock itself stays, so that callers' timestamps stay good.
        """
        age(self.state, seconds)

    def tick(self) -> None:
        """Carry out what has come due; inside a commit."""
        for row in self.state.all("SELECT * FROM late WHERE due <= ? ORDER BY due", self.now()):
            self.state.run("DELETE FROM late WHERE no = ?", row["no"])
            self._carry_out(row)
        carry_out_due(self.state, self.rules, self.now())

    def serve(self, call: Call) -> Served:
        """Decide and do one call; committed when this returns."""
        with self.state.commit():
            self.tick()
            self._number += 1
            method, path = call.endpoint.method, call.endpoint.path
            strikes = self.dials.strike(self.rules.seed, method, path, call.shop_id)
            reply = self._reply(call, strikes)
            self._log(call, reply, ",".join(sorted(strikes)))
        return Served(reply, strikes, self._headers(strikes))

    def _reply(self, call: Call, strikes: Strikes) -> Reply:
        for fault, dial in strikes.items():
            if fault in BEFORE:
                return self._instead(call, dial)
        try:
            self._check_pace(call)
        except Refused as refused:
            return self._refusal(refused)
        misfortunes.befall(self.state, self.rules, self.now(), call, strikes)
        reply = self._done(call, strikes)
        spoilt = strikes.get(Fault.REFUSED_AFTER)
        return reply if spoilt is None else self._told(spoilt)

    def _done(self, call: Call, strikes: Strikes) -> Reply:
        """Carry the call out; refused, it leaves nothing behind."""
        try:
            with self.state.attempt():
                door.check(self.state, self.rules, call, self.now())
                return call.endpoint.handle(self._visit(call, strikes))
        except Refused as refused:
            return self._refusal(refused)

    def _visit(self, call: Call, strikes: Strikes) -> Visit:
        return Visit(
            state=self.state,
            rules=self.rules,
            now=self.now(),
            number=self._number,
            path=call.endpoint.path,
            query=call.query,
            body=call.body,
            media_type=call.media_type,
            base_url=call.base_url,
            shop_id=call.shop_id if call.endpoint.level is not Level.PUBLIC else None,
            strikes=strikes,
        )

    def _instead(self, call: Call, dial: Dial) -> Reply:
        """What a fault answers in place of doing the call."""
        match dial.fault:
            case Fault.RATE_LIMITED:
                return self._refusal(RATE_LIMIT)
            case Fault.DAY_LIMITED:
                return self._refusal(DAY_LIMIT)
            case Fault.REFUSED_BEFORE:
                return self._told(dial)
            case Fault.LATE_COMMIT:
                self._postpone(call, self.now() + dial.seconds)
            case _:
                pass
        return Reply({}, 503 if dial.fault is Fault.UNAVAILABLE else 500)

    def _check_pace(self, call: Call) -> None:
        if not self._pace.is_inside_day(self.rules, self.now()):
            raise DAY_LIMIT
        if not self._pace.is_slow_enough(self.rules, call.shop_id, self.now()):
            raise RATE_LIMIT

    def _told(self, dial: Dial) -> Reply:
        return self._refusal(Refused(dial.code, dial.message, status=dial.status))

    def _refusal(self, refused: Refused) -> Reply:
        said = {"error": refused.code, "message": refused.message, "warning": ""}
        return Reply({**said, "request_id": f"{self._number:032x}"}, refused.status)

    def _postpone(self, call: Call, due: float) -> None:
        """Keep a call that the door would let in."""
        try:
            door.check(self.state, self.rules, call, self.now())
        except Refused:
            return
        spec = {
            "path": call.endpoint.path,
            "query": str(call.query),
            "media_type": call.media_type,
            "base_url": call.base_url,
        }
        insert = "INSERT INTO late (due, spec, body) VALUES (?, ?, ?)"
        self.state.add(insert, due, json.dumps(spec), call.body)

    def _carry_out(self, row: sqlite3.Row) -> None:
        spec = json.loads(row["spec"])
        query = QueryParams(spec["query"])
        endpoint = BY_PATH[spec["path"]]
        call = Call(endpoint, query, row["body"], spec["media_type"], spec["base_url"])
        self._number += 1
        try:
            with self.state.attempt():
                reply = endpoint.handle(self._visit(call, {}))
        except Refused as refused:
            reply = self._refusal(refused)
        self._log(call, reply, "late_commit.done")

    def _log(self, call: Call, reply: Reply, dial: str) -> None:
        self.state.run(
            "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            self._number,
            self.now(),
            call.endpoint.method,
            call.endpoint.path,
            call.shop_id,
            reply.status,
            reply.error,
            dial or None,
        )

    def _headers(self, strikes: Strikes) -> dict[str, str]:
        dial = strikes.get(Fault.CLOCK_SKEW)
        shown = self.now() + (0 if dial is None else dial.seconds)
        return {"Date": formatdate(shown, usegmt=True)}
