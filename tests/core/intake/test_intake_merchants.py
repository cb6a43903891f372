"""Merchant rows against what is known: new, changed, unchanged, repeated or asked about."""

from datetime import date

import pytest

from onboarder.intake.asked import AskedCode
from onboarder.intake.importing import Outcome
from onboarder.intake.likeness import same_stall
from onboarder.intake.rows import compact
from onboarder.model.ids import MarketCode, ProgrammeCode, merchant_id
from tests.core.intake.registers import PEOPLE, asked, asked_about, people, person, planned, saved

DECIDING = (*PEOPLE, "Keputusan", "Sama dengan")
CIREBON, KANOMAN = ProgrammeCode("cirebon"), MarketCode("KNM")


def test_a_row_becomes_a_merchant_with_an_id_from_market_and_number() -> None:
    plan = planned(people(person("K 1")))

    [merchant] = plan.new_merchants
    assert merchant.id == merchant_id(CIREBON, KANOMAN, "K1")
    assert (merchant.name, merchant.phone) == ("Melati Umpama", "+6289900000001")
    assert (merchant.trained_on, merchant.trained_by) == (date(2026, 11, 12), "c-01")
    assert merchant.trained


def test_without_a_register_number_the_phone_identifies_the_person() -> None:
    plan = planned(people(person("")))

    assert plan.new_merchants[0].id == merchant_id(CIREBON, KANOMAN, "+6289900000001")


@pytest.mark.parametrize("cells", [{"trained_on": ""}, {"trained_by": ""}])
def test_an_untrained_merchant_is_taken_and_is_not_trained(cells: dict[str, str]) -> None:
    plan = planned(people(person(**cells)))

    assert not plan.new_merchants[0].trained


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"market": ""}, AskedCode.MARKET_MISSING),
        ({"market": "Pasar Minggu"}, AskedCode.MARKET_UNKNOWN),
        ({"name": ""}, AskedCode.NAME_MISSING),
        ({"name": "12345"}, AskedCode.NAME_UNCLEAR),
        ({"name": "Melati " * 20}, AskedCode.NAME_UNCLEAR),
        ({"phone": "0899 0000 OOO1"}, AskedCode.PHONE_UNCLEAR),
        ({"trained_on": "11/25/2026"}, AskedCode.DATE_UNCLEAR),
        ({"trained_on": "12/11/2016"}, AskedCode.DATE_BOUNDS),
    ],
)
def test_a_row_with_a_faulty_cell_is_held_back_with_its_question(
    cells: dict[str, str], code: AskedCode
) -> None:
    plan = planned(people(person(**cells)))

    assert plan.new_merchants == ()
    assert asked_about(plan, 2) == [code]


def test_all_faults_of_a_row_are_asked_at_once() -> None:
    plan = planned(people(person(market="", phone="?", trained_on="?")))

    assert set(asked_about(plan, 2)) == {
        AskedCode.PHONE_UNCLEAR,
        AskedCode.DATE_UNCLEAR,
        AskedCode.MARKET_MISSING,
    }


def test_a_verdict_names_file_sheet_row_column_and_what_was_read() -> None:
    plan = planned(people((), person(phone="0812x")))

    [verdict] = plan.verdicts
    [finding] = verdict.findings
    assert (verdict.place.file, verdict.place.sheet, verdict.place.row) == (
        "register.xlsx",
        "Pedagang",
        3,
    )
    assert (finding.column, finding.read) == ("No HP/WA", "0812x")


def test_somebody_without_number_and_phone_is_asked_about() -> None:
    plan = planned(people(person("", phone="")))

    assert asked_about(plan, 2) == [AskedCode.KEY_MISSING]


def test_the_same_register_again_changes_nothing() -> None:
    register = people(person(), person("K-2", name="Mawar", phone="0899-0000-0002"))
    known = saved(planned(register))

    again = planned(register, known=known)

    assert again.changes_nothing
    assert again.total == {Outcome.UNCHANGED: 2}


def test_a_changed_cell_changes_the_merchant_and_a_blank_one_says_nothing() -> None:
    known = saved(planned(people(person())))

    plan = planned(people(person(stall="B/14", phone="", trained_on="")), known=known)

    [change] = plan.changed_merchants
    assert change.before.stall == "B/12"
    assert change.after.stall == "B/14"
    assert change.after.phone == change.before.phone
    assert change.after.trained


def test_a_row_written_twice_counts_once() -> None:
    plan = planned(people(person(), person(phone="+62 899 0000 0001")))

    assert len(plan.new_merchants) == 1
    assert plan.total == {Outcome.NEW: 1, Outcome.REPEATED: 1}


def test_two_different_rows_with_one_number_are_both_asked_about() -> None:
    plan = planned(people(person(), person(name="Mawar Fiktif", phone="0899-0000-0002")))

    assert plan.new_merchants == ()
    assert asked(plan) == {
        ("Pedagang", 2): [AskedCode.KEY_TWICE],
        ("Pedagang", 3): [AskedCode.KEY_TWICE],
    }


@pytest.mark.parametrize(
    "cells",
    [
        {"name": "Siapa Saja"},
        {"phone": "0899-0000-0002"},
        {"phone": "0899-0000-0002", "stall": "Blok B Los 012"},
        {"phone": "0899-0000-0002", "stall": ""},
        {"name": "MELATI  umpama", "phone": ""},
    ],
    ids=[
        "same phone",
        "same name and stall",
        "stall written otherwise",
        "no stall",
        "name in capitals",
    ],
)
def test_somebody_who_may_be_known_already_is_held_back_for_a_decision(
    cells: dict[str, str],
) -> None:
    known = saved(planned(people(person())))

    plan = planned(people(person("K-9", **cells)), known=known)

    [verdict] = plan.verdicts
    [finding] = verdict.findings
    assert finding.code is AskedCode.LIKELY_SAME_MERCHANT
    assert [one.id for one in finding.candidates] == list(known.merchants)


@pytest.mark.parametrize(
    "cells",
    [
        {"phone": "0899-0000-0002", "stall": "B/13"},
        {"phone": "0899-0000-0002", "market": "Pagi"},
        {"phone": "0899-0000-0002", "name": "Melati Fiktif"},
    ],
    ids=["other stall", "other market", "other name"],
)
def test_somebody_who_only_shares_a_name_is_someone_new(cells: dict[str, str]) -> None:
    known = saved(planned(people(person())))

    plan = planned(people(person("K-9", **cells)), known=known)

    assert len(plan.new_merchants) == 1


def test_a_known_person_without_stall_may_be_somebody_with_one() -> None:
    known = saved(planned(people(person(stall=""))))

    plan = planned(people(person("K-9", phone="0899-0000-0002")), known=known)

    assert asked_about(plan, 2) == [AskedCode.LIKELY_SAME_MERCHANT]


def test_within_one_file_the_first_row_goes_in_and_the_like_one_waits() -> None:
    plan = planned(people(person(), person("K-9", name="Siapa Saja")))

    assert len(plan.new_merchants) == 1
    assert asked_about(plan, 3) == [AskedCode.LIKELY_SAME_MERCHANT]


def test_the_answer_new_takes_the_row_and_is_remembered() -> None:
    known = saved(planned(people(person())))
    answered = people((*person("K-9", name="Siapa Saja"), "baru"), header=DECIDING)

    plan = planned(answered, known=known)
    later = planned(people(person(), person("K-9", name="Siapa Saja")), known=saved(plan, known))

    assert len(plan.new_merchants) == 1
    assert later.changes_nothing
    assert later.verdicts == ()


def test_the_answer_same_is_remembered_and_leaves_the_known_person_as_it_is() -> None:
    register = people(person(), person("K-9", name="Siapa Saja"))
    known = saved(planned(register))
    answered = people((*person("K-9", name="Siapa Saja"), "sama"), header=DECIDING)

    plan = planned(answered, known=known)
    later = planned(register, known=saved(plan, known))

    [melati] = known.merchants
    assert plan.decisions == {merchant_id(CIREBON, KANOMAN, "K9"): melati}
    assert (plan.new_merchants, plan.changed_merchants, plan.verdicts) == ((), (), ())
    assert later.changes_nothing
    assert later.total == {Outcome.UNCHANGED: 1, Outcome.REPEATED: 1}


def test_a_person_known_under_another_number_is_updated_by_later_registers() -> None:
    known = saved(planned(people(person(""))))
    numbered = (*person("K-1"), "sama")
    known = saved(planned(people(numbered, header=DECIDING), known=known), known)

    plan = planned(people(person("K-1", stall="C/1")), known=known)

    [change] = plan.changed_merchants
    assert change.after.id == merchant_id(CIREBON, KANOMAN, "+6289900000001")
    assert change.after.stall == "C/1"


def test_of_several_candidates_the_code_left_in_the_column_is_meant() -> None:
    first, second = person(), person("K-2", name="Mawar", phone="0899-0000-0002")
    known = saved(planned(people(first, second)))
    mawar = merchant_id(CIREBON, KANOMAN, "K2")
    like_both = person("K-9", name="Mawar", phone="0899-0000-0001")

    unclear = planned(people((*like_both, "sama", ""), header=DECIDING), known=known)
    clear = planned(people((*like_both, "sama", mawar), header=DECIDING), known=known)

    assert asked_about(unclear, 2) == [AskedCode.DECISION_UNCLEAR]
    assert clear.decisions == {merchant_id(CIREBON, KANOMAN, "K9"): mawar}


@pytest.mark.parametrize(("answer", "same_as"), [("mungkin", ""), ("sama", "knm-00000000")])
def test_an_answer_that_says_nothing_is_asked_again(answer: str, same_as: str) -> None:
    row = (*person("K-9", name="Siapa Saja"), answer, same_as)

    plan = planned(people(person(), row, header=DECIDING))

    assert asked_about(plan, 3) == [AskedCode.DECISION_UNCLEAR]


def test_whoever_is_the_same_as_somebody_held_back_waits_too() -> None:
    waiting = (*person("K-1", phone="0812x"), "", "")
    target = merchant_id(CIREBON, KANOMAN, "K1")
    same = (*person("K-9", phone="0899-0000-0002"), "sama", target)

    plan = planned(people(waiting, same, header=DECIDING))

    assert plan.new_merchants == ()
    assert plan.decisions == {}
    assert asked_about(plan, 3) == [AskedCode.DECISION_UNCLEAR]


def test_the_place_of_block_and_stall_columns_is_put_together() -> None:
    header = ("No Reg", "Nama Pedagang", "Pasar", "Blok", "Kios")

    plan = planned(people(("K-1", "Melati", "Kanoman", "B", 12.0), header=header))

    assert plan.new_merchants[0].stall == "Blok B / Los 12"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Blok B / Los 12", "B-12", True),
        ("Blok B Los 012", "b12", True),
        ("B/12", "B/13", False),
        ("B/12", "C/12", False),
        ("A1/2", "A12", False),
    ],
)
def test_a_stall_is_the_same_however_it_is_written(one: str, other: str, same: bool) -> None:
    assert same_stall(one, other) is same


@pytest.mark.parametrize(
    ("text", "key"), [("KNM-001", "KNM001"), ("knm 001", "KNM001"), ("007", "7"), ("0", "0")]
)
def test_a_register_number_is_the_same_however_it_is_written(text: str, key: str) -> None:
    assert compact(text) == key


def test_personal_data_stay_out_of_what_a_log_would_print() -> None:
    plan = planned(people(person(), person("K-9", name="Siapa Saja"), person("K-3", phone="0812x")))

    printed = repr(plan)

    assert "Melati" not in printed
    assert "Siapa" not in printed
    assert "0812x" not in printed
    assert "89900000001" not in printed
