"""The sample register goes in with exactly the account that is known of it."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from onboarder.demo.sample import SampleFiles, write_sample
from onboarder.intake.importing import ImportPlan, KnownRegister, Outcome
from onboarder.intake.photo_store import PhotoStore
from onboarder.intake.photos import keep_photos, photo_files, sources_beside
from onboarder.intake.plan import plan_import
from onboarder.intake.reading import Reading, read_register
from onboarder.intake.verdicts import write_verdicts
from onboarder.intake.workbook import read_workbook
from tests.core.intake.registers import NOTHING, PROGRAMME, RULES, saved


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleFiles:
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PhotoStore:
    return PhotoStore(tmp_path_factory.mktemp("store"), RULES.limits.photos)


def imported(
    sample: SampleFiles, store: PhotoStore, known: KnownRegister = NOTHING, *paths: Path
) -> tuple[Reading, ImportPlan]:
    read = read_register(paths or sample.files, PROGRAMME, RULES)
    files = photo_files(sources_beside(sample.register), RULES.limits.photos)
    return read, plan_import(read, known, keep_photos(read, files, store))


def test_the_sample_goes_in_with_its_exact_account(sample: SampleFiles, store: PhotoStore) -> None:
    _, plan = imported(sample, store)

    account = sample.account
    assert len(plan.new_merchants) == account.merchants == 120
    assert sum(merchant.trained for merchant in plan.new_merchants) == account.trained == 108
    assert len(plan.new_products) == account.products == 724
    assert sum(len(product.variants) for product in plan.new_products) == account.variants == 784
    assert plan.total[Outcome.REPEATED] == account.repeated_rows == 1
    assert plan.total[Outcome.HELD_BACK] == sum(account.asked.values()) == 26


def test_every_dirty_row_raises_exactly_its_question(
    sample: SampleFiles, store: PhotoStore
) -> None:
    _, plan = imported(sample, store)

    assert (
        Counter(finding.code for one in plan.verdicts for finding in one.findings)
        == sample.account.asked
    )


def test_every_row_of_every_sheet_is_accounted_for(sample: SampleFiles, store: PhotoStore) -> None:
    _, plan = imported(sample, store)

    assert len(plan.accounts) == 7
    assert all(account.balanced for account in plan.accounts)


def test_the_sample_a_second_time_changes_nothing(sample: SampleFiles, store: PhotoStore) -> None:
    _, first = imported(sample, store)

    _, second = imported(sample, store, saved(first))

    assert second.changes_nothing
    assert [one.findings for one in second.verdicts] == [one.findings for one in first.verdicts]


def test_its_held_back_rows_come_back_as_they_are(
    sample: SampleFiles, store: PhotoStore, tmp_path: Path
) -> None:
    read, plan = imported(sample, store)

    count = write_verdicts(tmp_path / "v.xlsx", read, plan, RULES.questions)
    _, again = imported(sample, store, saved(plan), tmp_path / "v.xlsx")

    assert count == 26
    assert again.changes_nothing
    assert Counter(f.code for one in again.verdicts for f in one.findings) == sample.account.asked


def test_some_photos_are_shared_and_none_tells_where_it_was_taken(
    sample: SampleFiles, store: PhotoStore
) -> None:
    _, plan = imported(sample, store)

    photos = {photo for product in plan.new_products for photo in product.photos}
    assert all(product.photos for product in plan.new_products)
    assert 50 < len(photos) < len(list(sample.photos.iterdir()))
    assert all(b"Exif" not in store.read(photo) for photo in photos)


def test_the_sample_says_on_every_sheet_that_it_is_one(sample: SampleFiles) -> None:
    for path in sample.files:
        for sheet in read_workbook(path, RULES.limits.file):
            assert sheet.rows[0][0] == "DATA CONTOH – bukan orang sungguhan"


def test_all_phone_numbers_are_of_the_invented_block(
    sample: SampleFiles, store: PhotoStore
) -> None:
    _, plan = imported(sample, store)

    assert all(str(merchant.phone).startswith("+62899000") for merchant in plan.new_merchants)


def test_the_same_seed_gives_the_same_people_and_goods(sample: SampleFiles, tmp_path: Path) -> None:
    again = write_sample(tmp_path)
    other = write_sample(tmp_path / "other", seed=7)

    assert read_register(again.files, PROGRAMME, RULES) == read_register(
        sample.files, PROGRAMME, RULES
    )
    assert read_register(other.files, PROGRAMME, RULES) != read_register(
        sample.files, PROGRAMME, RULES
    )
    assert digests(again.photos) == digests(sample.photos)


def test_a_sample_of_any_size_is_exact(store: PhotoStore, tmp_path: Path) -> None:
    small = write_sample(tmp_path, merchants=12)

    _, plan = imported(small, store)

    assert len(plan.new_merchants) == 12
    assert len(plan.new_products) == small.account.products
    assert Counter(f.code for one in plan.verdicts for f in one.findings) == small.account.asked


@pytest.mark.parametrize("merchants", [11, 9_001])
def test_a_sample_too_small_or_too_large_is_refused(tmp_path: Path, merchants: int) -> None:
    with pytest.raises(ValueError, match=str(merchants)):
        write_sample(tmp_path, merchants=merchants)


def digests(folder: Path) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())]
