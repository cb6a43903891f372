"""An answer on its way: handed over, or spoilt as its faults say."""

from collections.abc import Mapping

from starlette.responses import Response

from onboarder_rehearsal.server import Dial as PlainDial
from onboarder_rehearsal.server import Fault as PlainFault
from onboarder_rehearsal.server.delivery import Delivery, Sleep
from onboarder_rehearsal.server.desk import Served as PlainServed
from onboarder_rehearsal.server.visit import Reply as PlainReply
from tests.marketplace.shopee.desk import Served
from tests.marketplace.shopee.dials import Fault

GATEWAY_PAGE = (
    "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
)
PAGES = {Fault.ERROR_BEFORE: 500, Fault.ERROR_AFTER: 500, Fault.UNAVAILABLE: 503}
SPOILT: Mapping[Fault, PlainFault] = {
    Fault.LOST_BEFORE: PlainFault.LOST_BEFORE,
    Fault.HANG_BEFORE: PlainFault.HANG_AFTER,
    Fault.LATE_COMMIT: PlainFault.LATE_COMMIT,
    Fault.LOST_AFTER: PlainFault.LOST_AFTER,
    Fault.HANG_AFTER: PlainFault.HANG_AFTER,
    Fault.TRUNCATED: PlainFault.TRUNCATED,
    Fault.INVALID_JSON: PlainFault.INVALID_JSON,
    Fault.HTML: PlainFault.HTML,
    Fault.OVERSIZED: PlainFault.OVERSIZED,
    Fault.GZIP_BOMB: PlainFault.GZIP_BOMB,
    Fault.TRICKLE: PlainFault.TRICKLE,
    Fault.SLOW: PlainFault.SLOW,
}
"""What the practice marketplace's delivery knows how to do on the wire."""


def deliver(served: Served, sleep: Sleep) -> Response:
    for fault, status in PAGES.items():
        if fault in served.strikes:
            page = GATEWAY_PAGE.format(f"{status} gateway error")
            return Response(page, status, dict(served.headers), "text/html")
    strikes = {
        SPOILT[fault]: PlainDial(
            fault=SPOILT[fault], seconds=dial.seconds, megabytes=dial.megabytes
        )
        for fault, dial in served.strikes.items()
        if fault in SPOILT
    }
    reply = PlainReply(served.reply.status, served.reply.content)
    return Delivery(PlainServed(reply, strikes, served.headers), sleep)
