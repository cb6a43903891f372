"""Start the fake in a process of its own, and the hands that whoever tests has on it."""

import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from pydantic import TypeAdapter

from tests.marketplace.shopee.dials import Dial
from tests.servers.process import free_port, running

ROOT = Path(__file__).parents[3]
DICT: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])


@dataclass(frozen=True)
class FakeShopee:
    """A running fake: `url` is its API, its authorization page is `url`/auth. Blocking calls."""

    url: str
    hand: httpx.Client = field(repr=False)

    def register(self, **shop: object) -> int:
        """A seller has opened a shop (fields as in shelf.Shop); answers its id."""
        return int(str(self.control("POST", "shops", shop)["shop_id"]))

    def consent(self, link: str, shop_id: int, *, accept: bool = True, days: float = 365) -> str:
        """The seller opens the link; where her browser goes then, empty if she refuses."""
        visitor = {"link": link, "shop_id": shop_id, "accept": accept, "days": days}
        answer = self.control("POST", "consent", visitor)
        assert answer["fault"] is None, answer["fault"]
        return str(answer["redirect"] or "")

    def tokens(self, shop_id: int) -> tuple[str, str]:
        """An access and a refresh token, without consent pages."""
        pair = self.control("POST", f"shops/{shop_id}/tokens")
        return str(pair["access_token"]), str(pair["refresh_token"])

    def dial(self, *dials: Dial) -> None:
        body = [dial.model_dump(mode="json") for dial in dials]
        self.hand.post("/_control/dials", json=body).raise_for_status()

    def set_rules(self, **rules: object) -> None:
        self.control("PATCH", "rules", rules)

    def advance(self, seconds: float) -> None:
        """Everything grows older at once; nobody sleeps."""
        self.control("POST", "clock", {"advance_seconds": seconds})

    def befall(self, shop_id: int, misfortune: str) -> None:
        """One of misfortunes.MISFORTUNES."""
        self.control("POST", f"shops/{shop_id}/{misfortune}")

    def account(self) -> dict[str, object]:
        """The oracle: what is really there, doubles, calls."""
        return self.control("GET", "account")

    def control(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, object]:
        """A call of the control API that must succeed and answers an object."""
        answer = self.hand.request(method, f"/_control/{path}", json=body)
        assert answer.is_success, answer.text
        return DICT.validate_json(answer.content)


@contextmanager
def running_shopee(state: Path | None = None) -> Generator[FakeShopee]:
    """A fake that ends with the body; `state` is a folder to go on with, or a fresh one."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fake-shopee-")))
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        hand = stack.enter_context(httpx.Client(base_url=url, timeout=20, trust_env=False))
        command = [sys.executable, "-m", "tests.marketplace.shopee", "--port", str(port)]
        command += ["--state", str(state or folder / "state")]
        log = folder / "log"
        stack.enter_context(running(command, log=log, is_ready=lambda: _answers(hand), cwd=ROOT))
        yield FakeShopee(url, hand)


def _answers(hand: httpx.Client) -> bool:
    try:
        return hand.get("/_control/rules").is_success
    except httpx.TransportError:
        return False
