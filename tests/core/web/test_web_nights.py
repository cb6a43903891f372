"""What a night found, as the desk tells it."""

from tests.core.web.test_web_desk import a_question, newest_run
from tests.support.signed_in import Service


async def test_prices_that_the_night_found_are_said_as_people_write_them(service: Service) -> None:
    [store] = await a_question(service)

    night = await service.coordinator.get(f"/meja/malam/{await newest_run(service)}")
    history = await service.coordinator.get(f"/meja/toko/{store}")

    assert "→ 99.000" in night.text
    assert "→ 99.000" in history.text
