"""The desk's pages: each role sees what is theirs, nothing can be smuggled in, and every button does its work."""

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
from sqlalchemy import select, update

from onboarder.model.ids import MerchantId, StoreId
from onboarder.model.people import Merchant
from onboarder.records import tables
from onboarder.records.office_tables import approved_plan
from onboarder_rehearsal.server.dials import Dial, Fault
from tests.support.signed_in import Service

PAGES = ("", "macet", "tugas", "toko?q=Contoh", "rencana", "malam", "impor", "orang")
FILES = (
    "keadaan.xlsx",
    "keadaan.csv",
    "keadaan-pasar.csv",
    "keadaan-canvasser.csv",
    "macet.xlsx",
    "macet.csv",
    "tugas.xlsx",
    "tugas.csv",
)
HOSTILE = "<script>alert(1)</script>\"'&="
REGISTER = """\
No Reg;Nama Pedagang;No HP;Pasar;Blok/Los;Tgl Pelatihan;Canvasser
R-001;Siti Umpama;081234567801;Pasar Kanoman;A/1;12/11/2026;c07
R-002;Budi Umpama;0812;Pasar Kanoman;A/2;13/11/2026;c07
"""


@pytest.mark.parametrize("lang", ["id", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_opens_for_the_coordinator_in_both_languages(
    service: Service, path: str, lang: str
) -> None:
    await service.town.open_shops(2)
    await service.town.night()

    page = await service.coordinator.get(
        f"/meja/{path}", params={"lang": lang, **dict(httpx.QueryParams(path.partition("?")[2]))}
    )

    assert page.status_code == 200
    assert f'<html lang="{lang}">' in page.text
    assert_safe(page)


@pytest.mark.parametrize("path", [*PAGES, *FILES])
async def test_whoever_is_not_signed_in_is_led_to_the_sign_in(service: Service, path: str) -> None:
    answer = await service.anybody.get(f"/meja/{path}")

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/meja/masuk")


@pytest.mark.parametrize("path", [*PAGES, *FILES])
async def test_a_canvasser_has_no_desk(service: Service, path: str) -> None:
    page = await service.canvasser.get(f"/meja/{path}")

    assert page.status_code == 403
    assert "bukan untuk peran Anda" in page.text


async def test_a_viewer_sees_figures_and_no_planted_name_on_any_page(service: Service) -> None:
    [store] = await service.town.open_shops(1)
    await service.town.night()
    run = await newest_run(service)
    work = await service.town.work_of(store)
    paths = [
        *PAGES,
        *FILES,
        f"malam/{run}",
        f"malam/{run}.xlsx",
        f"malam/{run}.csv",
        f"toko/{store}",
    ]

    who = work.merchant
    personal = (who.name, who.shop_name, who.stall)
    pages = [await service.viewer.get(f"/meja/{path}") for path in paths]

    assert [one.status_code for one in pages].count(200) == 6, "standing, its files, the nights"
    for one in pages:
        for planted in (*personal, str(work.merchant.trained_by)):
            assert planted.encode() not in one.content


@pytest.mark.parametrize(
    "path",
    ["macet", "tugas/1", "rencana", "rencana/X/setujui", "rencana/X/jalankan", "impor", "orang"],
)
async def test_a_viewer_and_a_canvasser_change_nothing(service: Service, path: str) -> None:
    for who in (service.viewer, service.canvasser):
        assert (await who.post(f"/meja/{path}", data={"a": "b"})).status_code == 403
    assert (await service.anybody.post(f"/meja/{path}", data={"a": "b"})).status_code == 303


async def test_a_form_from_another_site_is_refused(service: Service) -> None:
    answer = await service.coordinator.post(
        "/meja/orang", data={}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403


async def test_what_merchants_are_called_cannot_become_part_of_a_page(service: Service) -> None:
    [store] = await service.town.open_shops(1)
    async with service.town.database.write() as tx:
        await tx.execute(
            update(tables.merchant).values(name=HOSTILE, shop_name=HOSTILE, stall=HOSTILE)
        )
        await tx.execute(update(tables.product).values(name=HOSTILE))

    for path in (f"toko/{store}", "toko?q=script", "tugas", "macet"):
        page = await service.coordinator.get(f"/meja/{path}")
        assert page.status_code == 200
        assert "<script" not in page.text
        assert_safe(page)
    assert HOSTILE in unescape((await service.coordinator.get(f"/meja/toko/{store}")).text)


@pytest.mark.parametrize(
    "query", ["kabar=<script>", "kabar=mended&k_done=<script>", "kabar=mended", "lang=<script>"]
)
async def test_nothing_in_the_address_becomes_part_of_a_page(service: Service, query: str) -> None:
    page = await service.coordinator.get(f"/meja/?{query}")

    assert page.status_code == 200
    assert "<script" not in page.text


async def test_the_sign_in_leads_only_to_our_own_pages(service: Service) -> None:
    for wanted in ("https://evil.example/", "//evil.example", "/meja/\\evil.example", "/app/"):
        page = await service.anybody.get("/meja/masuk", params={"ke": wanted})
        assert 'name="ke" value="/meja/"' in re.sub(r'type="hidden" ', "", page.text)


async def test_a_wrong_password_says_so_and_keeps_the_way(service: Service) -> None:
    sent = {"akun": "ani", "sandi": "not-the-password", "kode": "123456", "ke": "/meja/tugas"}

    page = await service.anybody.post("/meja/masuk", data=sent)

    assert page.status_code == 403
    assert "tidak cocok" in page.text
    assert 'value="/meja/tugas"' in page.text
    assert "not-the-password" not in page.text


async def test_signing_out_ends_the_session(service: Service) -> None:
    answer = await service.coordinator.post("/meja/keluar")

    assert answer.headers["location"] == "/meja/masuk"
    assert (await service.coordinator.get("/meja/")).status_code == 303


async def test_a_page_that_is_not_there_says_so(service: Service) -> None:
    for path in ("nirgends", "toko/knm-nobody@rehearsal", "malam/20260101", "rencana/X", "impor/X"):
        page = await service.coordinator.get(f"/meja/{path}")
        assert page.status_code == 404
        assert "Tidak ditemukan" in page.text


async def test_stuck_shops_go_on_with_one_press(service: Service) -> None:
    town = service.town
    await town.dial(Dial(fault=Fault.UNAVAILABLE, probability=1))
    await town.order(await town.settle(3))
    await town.work_what_is_due()
    page = await service.coordinator.get("/meja/macet")
    [cause] = re.findall(r'name="sebab" value="([^"]+)"', page.text)

    answer = await service.coordinator.post("/meja/macet", data={"sebab": cause})

    assert "3 toko" in page.text
    assert answer.status_code == 303
    assert len(await town.due()) == 3
    after = await service.coordinator.get(answer.headers["location"])
    assert "3 dikerjakan" in after.text


async def test_a_task_is_answered_on_the_shop_s_own_page(service: Service) -> None:
    [store] = await a_question(service)
    page = await service.coordinator.get(f"/meja/toko/{store}")
    [action] = re.findall(r'action="(/meja/tugas/\d+)"', page.text)

    answer = await service.coordinator.post(
        action, data={"jawaban": "restore", "kembali": f"/meja/toko/{store}"}
    )

    assert answer.headers["location"].startswith(f"/meja/toko/{store}?kabar=answered")
    assert await service.town.tasks() == []
    page = await service.coordinator.get(f"/meja/toko/{store}")
    assert "menjawab: kembalikan" in page.text


async def test_a_task_of_another_programme_is_not_there(service: Service) -> None:
    await a_question(service)
    [task] = await service.town.tasks()
    async with service.town.database.write() as tx:
        await tx.execute(update(tables.merchant).values(programme="elsewhere"))

    answer = await service.coordinator.post(f"/meja/tugas/{task.id}", data={"jawaban": "keep"})

    assert answer.status_code == 404


async def test_a_plan_is_drawn_up_approved_and_run_by_forms(service: Service) -> None:
    town = service.town
    await town.settle(2)
    address = await a_plan(service)
    page = await service.coordinator.get(address)
    [digest] = re.findall(r'name="sidik" value="([0-9a-f]{64})"', page.text)

    early = await service.coordinator.post(f"{address}/jalankan")
    await service.coordinator.post(f"{address}/setujui", data={"sidik": digest})
    await service.coordinator.post(f"{address}/jalankan")
    await town.run_until_quiet()

    assert early.status_code == 409
    assert "belum disetujui" in early.text
    assert "dijalankan" in (await service.coordinator.get(address)).text
    async with town.database.read() as tx:
        assert set((await tx.execute(select(tables.store.c.state))).scalars()) == {"open"}


async def test_a_plan_that_no_longer_fits_says_what_changed(service: Service) -> None:
    town = service.town
    await town.settle(1)
    address = await a_plan(service)
    [digest] = re.findall(
        r'name="sidik" value="(\w+)"', (await service.coordinator.get(address)).text
    )
    await service.coordinator.post(f"{address}/setujui", data={"sidik": digest})
    await town.settle(2)

    answer = await service.coordinator.post(f"{address}/jalankan")
    page = await service.coordinator.get(answer.headers["location"])

    assert "toko baru dalam rencana" in page.text
    assert "Tidak ada yang dikerjakan" in page.text


async def test_an_operator_sees_plans_and_approves_none(service: Service) -> None:
    await service.town.settle(1)
    address = await a_plan(service)

    page = await service.operator.get(address)
    answer = await service.operator.post(f"{address}/setujui", data={"sidik": "x"})

    assert "Hanya koordinator" in page.text
    assert answer.status_code == 409
    async with service.town.database.read() as tx:
        assert set((await tx.execute(select(approved_plan.c.state))).scalars()) == {"drafted"}


async def test_a_register_is_brought_in_corrected_and_saved(service: Service) -> None:
    page = await service.coordinator.get("/meja/impor")
    [number] = re.findall(r'name="nomor" value="(\w{26})"', page.text)
    sent = await service.coordinator.post(
        "/meja/impor",
        data={"nomor": number},
        files={"berkas": ("pedagang.csv", REGISTER.encode(), "text/csv")},
    )
    address = sent.headers["location"]

    page = await service.coordinator.get(address)
    assert "081234567801" not in page.text, "rows that are clear are not shown"
    assert 'name="0.2" value="0812"' in page.text
    [key] = re.findall(r'name="baris-0" value="([^"]+)"', page.text)
    fixed = {"baris-0": unescape(key), "0.2": "081234567802"}
    answered = await service.coordinator.post(f"{address}/jawab", data=fixed)
    saved = await service.coordinator.post(f"{address}/simpan")

    assert "k_left=0" in answered.headers["location"]
    assert "k_merchants=2" in saved.headers["location"]
    names = [one.name for one in await merchants(service)]
    assert sorted(names) == ["Budi Umpama", "Siti Umpama"]


async def test_a_file_that_cannot_be_read_is_named_and_nothing_is_saved(service: Service) -> None:
    page = await service.coordinator.get("/meja/impor")
    [number] = re.findall(r'name="nomor" value="(\w{26})"', page.text)

    sent = await service.coordinator.post(
        "/meja/impor",
        data={"nomor": number},
        files={"berkas": ("daftar pasar.xlsx", b"no workbook", "application/octet-stream")},
    )
    page = await service.coordinator.get(sent.headers["location"])

    assert "daftar pasar.xlsx" in page.text
    assert "rusak" in page.text
    assert await merchants(service) == []


async def test_a_canvasser_is_added_and_a_phone_let_in_and_locked_out(service: Service) -> None:
    sent = {"nama": "Rini Umpama", "kode": "C77", "peran": "canvasser", "pasar": "KNM"}
    added = await service.coordinator.post("/meja/orang", data=sent)
    page = await service.coordinator.get(added.headers["location"])
    qr = await service.coordinator.post("/meja/orang/C77/hp")
    lost = await service.coordinator.post("/meja/hp/hp-c01/hilang", data={"orang": "C01"})

    assert "Rini Umpama" in page.text
    assert "<svg" in qr.text
    assert "/app/#masuk=" in qr.text
    assert_safe(qr)
    assert lost.status_code == 303
    assert (await service.canvasser.get("/api/v1/session")).status_code == 401


async def test_a_person_s_wrong_details_are_said_in_a_sentence(service: Service) -> None:
    for wrong in ({"kode": "spasi tidak boleh"}, {"peran": "operator"}, {"nama": ""}):
        sent = {"nama": "Rini", "kode": "C78", "peran": "canvasser", "pasar": "KNM"} | wrong
        page = await service.coordinator.post("/meja/orang", data=sent)
        assert page.status_code in {200, 422}
        assert "Isi nama, kode" in page.text
    nowhere = {"nama": "Rini", "kode": "C78", "peran": "canvasser"}
    assert (
        "sedikitnya satu pasar"
        in (await service.coordinator.post("/meja/orang", data=nowhere)).text
    )


async def test_files_come_as_attachments(service: Service) -> None:
    await service.town.open_shops(1)
    await service.town.night()
    run = await newest_run(service)

    for path in (*FILES, f"malam/{run}.xlsx", f"malam/{run}.csv"):
        answer = await service.coordinator.get(f"/meja/{path}")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert answer.content.startswith({"x": b"PK", "v": b"\xef\xbb\xbf"}[path[-1]])


async def test_the_chosen_language_stays(service: Service) -> None:
    await service.coordinator.get("/meja/?lang=en")

    assert '<html lang="en">' in (await service.coordinator.get("/meja/tugas")).text


async def test_charts_say_what_they_show_and_stand_beside_their_tables(service: Service) -> None:
    await service.town.open_shops(2)

    page = await service.coordinator.get("/meja/")

    assert page.text.count('role="img"') == 3
    assert page.text.count("<table") == 3
    assert "Tayang dari hari ke hari" in page.text


def assert_safe(page: httpx.Response) -> None:
    """No script, no inline style, nothing from elsewhere: what the policy of the area allows."""
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|src=\"https?:", page.text)
    assert "script-src 'self'" in page.headers["content-security-policy"]


async def a_question(service: Service) -> list[StoreId]:
    """A shop whose price was changed at the marketplace: the night asks about it."""
    stores = await service.town.open_shops(1, products=1)
    [reference] = (await service.town.account()).listings
    await service.town.by_hand("PATCH", f"listings/{reference}", price=99_000)
    service.pass_by(timedelta(minutes=1))
    await service.town.night()
    return stores


async def a_plan(service: Service) -> str:
    page = await service.coordinator.get("/meja/rencana")
    [number] = re.findall(r'name="nomor" value="(\w{26})"', page.text)
    sent = {"nomor": number, "pasar": "KNM", "marketplace": "rehearsal"}
    return str((await service.coordinator.post("/meja/rencana", data=sent)).headers["location"])


async def newest_run(service: Service) -> str:
    async with service.town.database.read() as tx:
        return str(await tx.scalar(select(tables.run.c.id)))


async def merchants(service: Service) -> list[Merchant]:
    from onboarder.records import register

    async with service.town.database.read() as tx:
        found: dict[MerchantId, Merchant] = await register.merchants(
            tx, service.town.around.programme.code
        )
    return list(found.values())
