"""Every failure dial does what it says, to the calls it names and to no others, the same way for the same seed."""

import gzip
import json
import zlib

import httpx
import pytest
from tests.support.practice import PARTNER, Practice, application, item_body, practice, raw_seller

from onboarder_rehearsal.server import Dial, Fault, Rules

ITEMS = "/v1/items"
FAULTS_IN_MEMORY = [
    (Fault.LOST_BEFORE, 0),
    (Fault.LOST_AFTER, 1),
    (Fault.LATE_COMMIT, 0),
    (Fault.TRUNCATED, 1),
]
"""Those that drop the connection, and how many items the call leaves behind."""


async def create(here: Practice, headers: dict[str, str], key: str = "knm-1-a") -> httpx.Response:
    return await here.raw.post(ITEMS, headers=headers, json=item_body(key))


async def batch(here: Practice, headers: dict[str, str], size: int = 10) -> list[dict[str, object]]:
    body = {"items": [item_body(f"knm-1-{n}") for n in range(size)]}
    answer = await here.raw.post(f"{ITEMS}/batch", headers=headers, json=body)
    results: list[dict[str, object]] = answer.json()["results"]
    return results


@pytest.mark.parametrize(("fault", "kept"), FAULTS_IN_MEMORY)
async def test_a_dropped_connection_leaves_behind_what_the_fault_says(
    fault: Fault, kept: int
) -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.dial(Dial(fault=fault, route=ITEMS, method="POST"))
        with pytest.raises(httpx.RemoteProtocolError):
            await create(here, headers)

        assert (await here.creates())[1] == kept
        assert (await here.account())["faults"] == {fault: 1}


@pytest.mark.parametrize(
    ("fault", "status", "kept"),
    [
        (Fault.ERROR_BEFORE, 500, 0),
        (Fault.UNAVAILABLE, 503, 0),
        (Fault.LIMITED, 429, 0),
        (Fault.ERROR_AFTER, 500, 1),
    ],
)
async def test_a_bad_status_leaves_behind_what_the_fault_says(
    fault: Fault, status: int, kept: int
) -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.dial(Dial(fault=fault, route=ITEMS))
        answer = await create(here, headers)

        assert answer.status_code == status
        assert (await here.creates())[1] == kept


async def test_a_late_commit_happens_after_its_time_and_is_counted_as_pending_before() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.dial(Dial(fault=Fault.LATE_COMMIT, route=ITEMS, method="POST", seconds=30))
        with pytest.raises(httpx.RemoteProtocolError):
            await create(here, headers)
        await here.control("DELETE", "dials")
        here.clock.advance(29)
        early = (await here.raw.get(ITEMS, headers=headers)).json()["items"]
        pending = (await here.account())["late_pending"]
        here.clock.advance(1)
        late = (await here.raw.get(ITEMS, headers=headers)).json()["items"]

        assert (early, pending, len(late)) == ([], 1, 1)
        assert (await here.account())["late_pending"] == 0


async def test_a_late_commit_of_a_call_without_a_valid_key_never_happens() -> None:
    async with practice(dials=[Dial(fault=Fault.LATE_COMMIT)]) as here:
        with pytest.raises(httpx.RemoteProtocolError):
            await create(here, {"Authorization": "Bearer nonsense"})

        assert (await here.account())["late_pending"] == 0


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.INVALID_JSON])
async def test_an_unreadable_answer_comes_with_a_good_status_after_the_work(fault: Fault) -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.dial(Dial(fault=fault, route=ITEMS))
        answer = await create(here, headers)

        assert answer.is_success
        with pytest.raises(json.JSONDecodeError):
            answer.json()
        assert (await here.creates())[1] == 1


async def test_an_oversized_answer_is_as_large_as_the_dial_says() -> None:
    async with practice(dials=[Dial(fault=Fault.OVERSIZED, megabytes=9)]) as here:
        answer = await here.raw.post("/v1/sellers", headers=PARTNER, json=application())

    assert len(answer.content) > 9 * 1024 * 1024


async def test_a_gzip_bomb_is_small_on_the_wire_and_large_unpacked() -> None:
    async with practice(dials=[Dial(fault=Fault.GZIP_BOMB, megabytes=3)]) as here:
        request = here.raw.build_request("GET", "/v1/sellers", headers=PARTNER)
        answer = await here.raw.send(request, stream=True)
        packed = b"".join([chunk async for chunk in answer.aiter_raw()])

    assert len(packed) < 10_000
    assert zlib.decompressobj(31).decompress(packed) == gzip.decompress(packed)
    assert len(gzip.decompress(packed)) == 3 * 1024 * 1024


async def test_a_trickled_answer_pauses_after_every_byte() -> None:
    async with practice(dials=[Dial(fault=Fault.TRICKLE, seconds=0.3)]) as here:
        answer = await here.raw.get("/v1/sellers", headers=PARTNER)

    assert here.naps == [0.3] * len(answer.content)


async def test_a_slow_answer_waits_and_is_whole() -> None:
    async with practice(dials=[Dial(fault=Fault.SLOW, seconds=7)]) as here:
        answer = await here.raw.get("/v1/sellers", headers=PARTNER)

    assert here.naps == [7]
    assert answer.json() == {"sellers": []}


@pytest.mark.parametrize(
    ("form", "shown"),
    [("seconds", "9"), ("date", "Mon, 23 Nov 2026 02:00:09 GMT"), ("none", None)],
)
@pytest.mark.parametrize("fault", [Fault.LIMITED, Fault.UNAVAILABLE])
async def test_a_refusal_says_how_long_to_wait_in_the_form_of_the_dial(
    fault: Fault, form: str, shown: str | None
) -> None:
    dial = Dial.model_validate({"fault": fault, "seconds": 9, "retry_after": form})
    async with practice(dials=[dial]) as here:
        answer = await here.raw.get("/v1/sellers", headers=PARTNER)

    assert answer.headers.get("Retry-After") == shown


async def test_left_out_a_429_names_seconds_and_a_503_names_nothing() -> None:
    dials = [Dial(fault=Fault.LIMITED, times=1), Dial(fault=Fault.UNAVAILABLE)]
    async with practice(dials=dials) as here:
        limited = await here.raw.get("/v1/sellers", headers=PARTNER)
        closed = await here.raw.get("/v1/sellers", headers=PARTNER)

    assert limited.headers["Retry-After"] == "2"
    assert "Retry-After" not in closed.headers


async def test_a_429_for_one_store_says_so() -> None:
    async with practice() as here:
        headers, others = await raw_seller(here, "knm-1"), await raw_seller(here, "knm-2")
        await here.dial(Dial(fault=Fault.LIMITED, store="knm-1"))
        limited = await here.raw.get("/v1/seller", headers=headers)
        free = await here.raw.get("/v1/seller", headers=others)

    assert limited.json()["fault"]["spots"] == [{"at": "scope", "why": "seller"}]
    assert free.status_code == 200


async def test_a_wrong_clock_shows_in_date_and_retry_after_alike() -> None:
    skew = Dial(fault=Fault.CLOCK_SKEW, seconds=3600)
    limited = Dial(fault=Fault.LIMITED, seconds=9, retry_after="date")
    async with practice(dials=[skew, limited]) as here:
        answer = await here.raw.get("/v1/sellers", headers=PARTNER)

    assert answer.headers["Date"] == "Mon, 23 Nov 2026 03:00:00 GMT"
    assert answer.headers["Retry-After"] == "Mon, 23 Nov 2026 03:00:09 GMT"


async def test_what_is_created_is_findable_only_after_the_delay() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.dial(Dial(fault=Fault.DELAYED_VISIBILITY, seconds=20))
        number = (await create(here, headers)).json()["item"]["item_no"]
        store = await here.raw.post("/v1/sellers", headers=PARTNER, json=application("knm-2"))
        by_key = {"external_key": "knm-1-a"}

        async def visible() -> list[int]:
            found = await here.raw.get(ITEMS, headers=headers, params=by_key)
            page = await here.raw.get(ITEMS, headers=headers)
            stores = await here.raw.get(
                "/v1/sellers", headers=PARTNER, params={"external_key": "knm-2"}
            )
            lists = (found.json()["items"], page.json()["items"], stores.json()["sellers"])
            return [len(one) for one in lists]

        early = await visible()
        addressed = await here.raw.get(f"{ITEMS}/{number}", headers=headers)
        here.clock.advance(20)
        late = await visible()

    assert store.status_code == 201
    assert (early, late) == ([0, 0, 0], [1, 1, 1])
    assert addressed.status_code == 200


async def test_half_a_batch_fails_in_passing_and_the_rest_is_done() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.dial(Dial(fault=Fault.BATCH_HALF, share=0.3))
        results = await batch(here, headers)

        failed = [result for result in results if result["status"] == "refused"]
        assert len(failed) == 3
        assert {json.dumps(result["fault"]) for result in failed} == {
            json.dumps({"kind": "busy", "text": "try this item again later", "spots": []})
        }
        assert (await here.creates())[1] == 7


async def test_a_batch_can_come_back_shuffled_and_with_results_missing_though_all_is_done() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.dial(
            Dial(fault=Fault.BATCH_SHUFFLED), Dial(fault=Fault.BATCH_MISSING, share=0.2)
        )
        keys = [str(result["external_key"]) for result in await batch(here, headers)]

        assert len(keys) == len(set(keys)) == 8
        assert keys != sorted(keys)
        assert (await here.creates())[1] == 10


async def test_the_token_dies_in_the_middle_of_the_work() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.dial(Dial(fault=Fault.TOKEN_DEATH, route=ITEMS, after=2, times=1))
        statuses = [(await create(here, headers, f"knm-1-{n}")).status_code for n in range(4)]

        assert statuses == [201, 201, 401, 401]
        assert (await here.creates())[1] == 2


async def test_the_store_is_suspended_in_the_middle_of_the_work() -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.dial(Dial(fault=Fault.STORE_SUSPENDED, route=ITEMS, times=1))
        answer = await create(here, headers)
        seller = (await here.raw.get("/v1/seller", headers=headers)).json()["seller"]

    assert answer.json()["fault"]["kind"] == "seller_frozen"
    assert (seller["phase"], seller["note"]) == ("frozen", "toko diperiksa oleh petugas")


@pytest.mark.parametrize("in_batch", [False, True])
async def test_the_category_is_withdrawn_under_the_call_that_names_it(*, in_batch: bool) -> None:
    async with practice() as here:
        headers = await raw_seller(here)
        await here.dial(Dial(fault=Fault.CATEGORY_WITHDRAWN, times=1, route=f"{ITEMS}*"))
        if in_batch:
            kinds = {json.dumps(result["fault"]) for result in await batch(here, headers, 2)}
        else:
            kinds = {(await create(here, headers)).text}

        assert all("category_closed" in kind for kind in kinds)
        assert (await here.creates())[1] == 0


async def test_a_dial_strikes_only_the_calls_it_names() -> None:
    async with practice() as here:
        headers, others = await raw_seller(here, "knm-1"), await raw_seller(here, "knm-2")
        dial = Dial(fault=Fault.UNAVAILABLE, method="get", route="/v1/it*", store="knm-1")
        await here.dial(dial)
        statuses = [
            (await here.raw.get(ITEMS, headers=headers)).status_code,
            (await here.raw.get(ITEMS, headers=others)).status_code,
            (await here.raw.get("/v1/seller", headers=headers)).status_code,
            (await create(here, headers)).status_code,
        ]

    assert statuses == [503, 200, 200, 201]


async def test_a_dial_for_a_store_strikes_the_partner_s_calls_about_it_too() -> None:
    async with practice(dials=[Dial(fault=Fault.UNAVAILABLE, store="knm-1")]) as here:
        about = [
            await here.raw.post("/v1/sellers", headers=PARTNER, json=application("knm-1")),
            await here.raw.get("/v1/sellers", headers=PARTNER, params={"external_key": "knm-1"}),
        ]
        other = await here.raw.post("/v1/sellers", headers=PARTNER, json=application("knm-2"))

    assert [answer.status_code for answer in about] == [503, 503]
    assert other.status_code == 201


async def test_a_dial_lets_the_first_calls_through_and_is_used_up() -> None:
    async with practice(dials=[Dial(fault=Fault.UNAVAILABLE, after=2, times=3)]) as here:
        statuses = [
            (await here.raw.get("/v1/sellers", headers=PARTNER)).status_code for _ in range(7)
        ]
        dials = (await here.raw.get("/_control/dials")).json()

    assert statuses == [200, 200, 503, 503, 503, 200, 200]
    assert (dials[0]["seen"], dials[0]["struck"]) == (7, 3)


async def test_chance_falls_near_its_probability_and_the_same_way_for_one_seed() -> None:
    async def run(seed: int) -> list[int]:
        dials = [Dial(fault=Fault.UNAVAILABLE, probability=0.3)]
        async with practice(rules=Rules(seed=seed), dials=dials) as here:
            return [
                (await here.raw.get("/v1/sellers", headers=PARTNER)).status_code for _ in range(300)
            ]

    first, again, other = await run(1), await run(1), await run(2)

    assert first == again
    assert first != other
    assert 60 < first.count(503) < 120


async def test_two_dials_that_end_a_call_never_strike_it_together() -> None:
    dials = [Dial(fault=Fault.UNAVAILABLE), Dial(fault=Fault.ERROR_AFTER)]
    async with practice(dials=dials) as here:
        await here.raw.get("/v1/sellers", headers=PARTNER)

        assert (await here.account())["faults"] == {"unavailable": 1}


async def test_dials_can_be_taken_away_one_by_one_or_all() -> None:
    async with practice() as here:
        added = await here.control(
            "POST", "dials", [{"fault": "slow"}, {"fault": "html"}, {"fault": "limited"}]
        )
        one = await here.control("DELETE", "dials/2")
        none = await here.control("DELETE", "dials")
        single = await here.control("POST", "dials", {"fault": "slow"})

    assert added == {"added": [1, 2, 3]}
    assert (one, none) == ({"left": 2}, {"left": 0})
    assert len(str(single["added"])) == len("[1]")


@pytest.mark.parametrize(
    "body", [{"fault": "nonsense"}, {"fault": "slow", "probability": 2}, {"fault": "slow", "x": 1}]
)
async def test_a_dial_that_makes_no_sense_is_refused(body: dict[str, object]) -> None:
    async with practice() as here:
        answer = await here.raw.post("/_control/dials", json=body)

    assert answer.status_code == 422
