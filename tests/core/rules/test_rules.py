"""Names within limits and unique, the gate, the standing of stores, the drift rules as operators write them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from onboarder.model.ids import CanvasserId, MarketCode, ProgrammeCode, merchant_id
from onboarder.model.people import Market, Merchant
from onboarder.model.shop import StoreState
from onboarder.model.work import DriftClass, DriftPolicy
from onboarder.problems import ConfigProblem
from onboarder.rules.drift import REPAIRABLE, Plausibility, read_drift_rules
from onboarder.rules.gate import UNTRAINED, refusal
from onboarder.rules.naming import store_names
from onboarder.rules.standing import rejection_advice, standing_advice

MARKET = Market(MarketCode("KNM"), "Pasar Kanoman", "Jl. Kanoman", "45111")
STEADY = settings(derandomize=True, deadline=None)


def merchant(number: int = 1, shop: str = "Toko Berkah", name: str = "Contoh") -> Merchant:
    return Merchant(
        id=merchant_id(ProgrammeCode("contoh"), MarketCode("KNM"), str(number)),
        programme=ProgrammeCode("contoh"),
        market=MarketCode("KNM"),
        register_key=str(number),
        name=name,
        shop_name=shop,
        stall="A/1",
        phone=None,
    )


def test_the_wished_name_comes_first_then_with_the_market_the_stall_and_the_code() -> None:
    one = merchant()
    code = one.id.rpartition("-")[2]
    assert store_names(one, MARKET, 60) == (
        "Toko Berkah",
        "Toko Berkah Kanoman",
        "Toko Berkah Kanoman A/1",
        f"Toko Berkah {code}",
    )


def test_a_merchant_without_a_shop_name_is_called_by_their_own() -> None:
    assert store_names(merchant(shop="", name="Siti"), MARKET, 60)[0] == "Toko Siti"


@STEADY
@given(
    shop=some.text(min_size=1, max_size=300),
    name=some.text(min_size=1, max_size=300),
    longest=some.integers(15, 120),
)
def test_every_name_is_within_the_limit_and_not_empty(shop: str, name: str, longest: int) -> None:
    names = store_names(merchant(shop=shop, name=name), MARKET, longest)
    assert all(0 < len(one) <= longest for one in names)
    assert len(set(names)) == len(names)


@STEADY
@given(longest=some.integers(15, 60), shop=some.text(min_size=1, max_size=100))
def test_the_last_name_is_unique_even_for_shops_of_one_name(longest: int, shop: str) -> None:
    last = {store_names(merchant(number, shop), MARKET, longest)[-1] for number in range(20)}
    assert len(last) == 20


def test_a_name_is_cut_at_a_word_where_that_leaves_enough_of_it() -> None:
    assert store_names(merchant(shop="Toko Berkah Jaya Abadi"), MARKET, 18)[0] == "Toko Berkah Jaya"
    assert store_names(merchant(shop="T" * 40), MARKET, 18)[0] == "T" * 18


@pytest.mark.parametrize(
    ("on", "by", "may"),
    [
        (None, None, False),
        (date(2026, 11, 1), None, False),
        (None, CanvasserId("ani"), False),
        (date(2026, 11, 1), CanvasserId("ani"), True),
    ],
)
def test_only_training_with_date_and_canvasser_opens_the_gate(
    on: date | None, by: CanvasserId | None, may: bool
) -> None:
    found = refusal(replace(merchant(), trained_on=on, trained_by=by))
    assert found == (None if may else UNTRAINED)


@pytest.mark.parametrize("state", list(StoreState))
def test_every_stopped_store_has_a_sentence_with_reason_and_next_step(state: StoreState) -> None:
    advice = standing_advice(state, "dokumen kurang")
    stopped = {
        StoreState.REFUSED,
        StoreState.SUSPENDED,
        StoreState.CLOSED,
        StoreState.VANISHED,
    }
    assert (advice is not None) == (state in stopped)
    if advice is not None:
        assert advice.code == f"store.{state}"
        for text in (advice.id, advice.en):
            assert ": dokumen kurang. " in text
        assert "None" not in (standing_advice(state, None) or advice).id


def test_a_rejection_names_the_product_the_reason_and_the_next_step() -> None:
    said = rejection_advice("Kerupuk", "foto buram")
    assert said.id == (
        "Kerupuk: ditolak marketplace: foto buram. Perbaiki barang ini di daftar, lalu impor lagi."
    )
    assert rejection_advice("Kerupuk", None).id.startswith("Kerupuk: ditolak marketplace. ")


@pytest.mark.parametrize(
    ("vanished", "held", "believed"),
    [(0, 0, True), (19, 19, True), (20, 100, True), (21, 100, False), (20, 99, False)],
)
def test_how_much_may_vanish_before_it_is_not_believed(
    vanished: int, held: int, believed: bool
) -> None:
    rule = Plausibility(vanished_share=0.2, vanished_least=20)
    assert rule.believes(vanished, held) == believed


def test_the_shipped_drift_rules_can_be_read_and_name_every_class() -> None:
    rules = read_drift_rules(Path(__file__).parents[3] / "config" / "rules" / "drift.toml")
    assert set(rules.policy) == set(DriftClass)
    assert rules.policy[DriftClass.PRICE_CHANGED] is DriftPolicy.ASK


@pytest.mark.parametrize("left_out", list(DriftClass))
def test_a_class_without_a_policy_is_said(tmp_path: Path, left_out: DriftClass) -> None:
    lines = [f'{one} = "ask"' for one in DriftClass if one is not left_out]
    with pytest.raises(ConfigProblem, match=f"no policy for {left_out}"):
        read_drift_rules(written(tmp_path, lines))


@pytest.mark.parametrize("kind", sorted(set(DriftClass) - REPAIRABLE))
def test_what_cannot_be_repaired_cannot_have_that_policy(tmp_path: Path, kind: DriftClass) -> None:
    lines = [f'{one} = "{"repair" if one is kind else "ask"}"' for one in DriftClass]
    with pytest.raises(ConfigProblem, match=f"'repair' is not possible for {kind}"):
        read_drift_rules(written(tmp_path, lines))


@pytest.mark.parametrize("lines", [['vanished = "perhaps"'], ['gone = "ask"']])
def test_an_unknown_word_is_said_with_the_file(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(ConfigProblem, match=r"drift\.toml"):
        read_drift_rules(written(tmp_path, lines))


def written(folder: Path, policies: list[str]) -> Path:
    path = folder / "drift.toml"
    lines = ["[policy]", *policies, "[plausibility]", "vanished_share = 0.2", "vanished_least = 20"]
    path.write_text("\n".join(lines))
    return path
