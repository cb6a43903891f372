from pathlib import Path

from tests.faults.city import a_day


async def test_a_day_of_the_city_ends_well_and_one_seed_is_one_day(tmp_path: Path) -> None:
    first, again, other = [await a_day(seed, tmp_path) for seed in (1, 1, 2)]

    for day in (first, other):
        assert (day.duplicates, day.lost, day.stuck) == (0, 0, 0), day
        assert day.stores > 5
    assert first.digest == again.digest
    assert first.digest != other.digest
