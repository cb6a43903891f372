"""The pages of the demonstration, kept open for a look: the desk, a canvasser's phone, the practice marketplace."""

import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from subprocess import Popen, TimeoutExpired
from typing import NoReturn

from onboarder.application import utc_now
from onboarder.demo.sign_ins import CANVASSER, COORDINATOR, SignIns, make_sign_ins, phone_link
from onboarder.demo.stage import Stage
from onboarder.problems import Problem

LOOK_SECONDS = 1.0
"""How often somebody who waits looks whether the service still runs."""
SAYINGS = {
    "id": {
        "title": "6. Halamannya terbuka",
        "accounts": "Akun di bawah ini akun demo: hanya ada di folder demo ini, untuk data contoh.",
        "desk": """
   Meja koordinator: {address}/meja/
     nama akun     {account}
     kata sandi    {password}
     kode          {code}  (sekali pakai, berganti tiap 30 detik)
     autentikator  {secret}  (kalau mau dipasang di aplikasi)""",
        "phone": """
   HP canvasser {who}: {link}
     Buka di komputer ini, di jendela sempit, dan buat PIN enam angka. Berlaku satu kali, 10 menit.
     Setelan → Mode latihan, lalu daftarkan pedagang: tokonya dibuka di marketplace latihan.
     HP sungguhan lewat kabel USB: adb reverse tcp:{port} tcp:{port}, lalu tautan itu di Chrome HP.""",
        "marketplace": "Marketplace latihan: http://127.0.0.1:{port}/\n",
        "fresh": "Enter: kode dan tautan HP yang baru.",
        "removed": "Ctrl-C: semuanya berhenti, dan folder demo dihapus bersama akunnya.",
        "kept": "Ctrl-C: semuanya berhenti. Folder {folder} tetap ada, dengan akun demonya.",
        "ended": "Demo selesai.",
    },
    "en": {
        "title": "6. The pages are open",
        "accounts": "The accounts below are demo accounts: only in this demonstration's folder, for sample data.",
        "desk": """
   Coordinator's desk: {address}/meja/
     account       {account}
     password      {password}
     code          {code}  (works once, changes every 30 seconds)
     authenticator {secret}  (to put into an app)""",
        "phone": """
   Canvasser {who}'s phone: {link}
     Open it on this computer, in a narrow window, and choose a PIN of six digits. Works once, for 10 minutes.
     Setelan → Mode latihan (practice), then register a trader: the shop opens on the practice marketplace.
     A real phone by USB cable: adb reverse tcp:{port} tcp:{port}, then that link in its Chrome.""",
        "marketplace": "Practice marketplace: http://127.0.0.1:{port}/\n",
        "fresh": "Enter: a new code and a new link for a phone.",
        "removed": "Ctrl-C: everything stops, and the demonstration's folder is removed with its accounts.",
        "kept": "Ctrl-C: everything stops. The folder {folder} stays, with its demo accounts.",
        "ended": "The demonstration is over.",
    },
}
Note = Callable[[str], None]


def keep_open(stage: Stage, note: Note, title: Note, *, lang: str, kept: bool) -> None:
    """Show the addresses and demo sign-ins, and wait for Ctrl-C or SIGTERM. `Problem` if the pages go down before."""
    say = SAYINGS[lang]
    sign_ins = make_sign_ins(stage, lang)
    service = stage.start_service()
    title(say["title"])
    note(say["accounts"])
    _show(stage, sign_ins, note, say)
    note(say["marketplace"].format(port=stage.port))
    if sys.stdin.isatty():
        note(say["fresh"])
    note(say["kept" if kept else "removed"].format(folder=stage.folder))
    signal.signal(signal.SIGTERM, _interrupt)
    with suppress(KeyboardInterrupt):
        while service.poll() is None:
            if _asked_again(service):
                _show(stage, sign_ins, note, say)
        raise Problem(
            "the service has ended", hint=f"see {stage.folder}/serve.log, or start the demo again"
        )
    note(say["ended"])


def _show(stage: Stage, sign_ins: SignIns, note: Note, say: dict[str, str]) -> None:
    note(
        say["desk"].format(
            address=stage.address,
            account=COORDINATOR,
            password=sign_ins.password.get_secret_value(),
            code=sign_ins.code(utc_now()),
            secret=sign_ins.secret.get_secret_value(),
        )
    )
    link = phone_link(stage).get_secret_value()
    note(say["phone"].format(who=CANVASSER, link=link, port=stage.service_port))


def _asked_again(service: "Popen[bytes]") -> bool:
    """Whether Enter was pressed within a moment; without a keyboard the moment is only waited for."""
    if not sys.stdin.isatty():
        with suppress(TimeoutExpired):
            service.wait(LOOK_SECONDS)
        return False
    pressed, _, _ = select.select([sys.stdin], [], [], LOOK_SECONDS)
    if pressed and not sys.stdin.readline():
        raise KeyboardInterrupt  # Ctrl-D: the keyboard is closed
    return bool(pressed)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
