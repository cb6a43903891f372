"""The practice marketplace's back office, used by hand: its account, and what its staff and merchants may do there."""

from collections.abc import Mapping, Sequence

import httpx
from pydantic import BaseModel, ConfigDict


class ShownListing(BaseModel):
    """A listing as the marketplace itself accounts for it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    reference: str | None
    store: str
    title: str
    state: str
    price: int


class ShownStore(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    reference: str
    state: str


class Account(BaseModel):
    """Everything the marketplace holds, by our References, and the faults it met."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stores: Mapping[str, Sequence[ShownStore]]
    listings: Mapping[str, Sequence[ShownListing]]
    faults: Mapping[str, int]
    requests: Mapping[str, int]


class BackOffice:
    """A client of the control interface of a practice marketplace on this machine."""

    def __init__(self, base_url: str) -> None:
        self._client = httpx.Client(base_url=base_url, timeout=10, trust_env=False)

    def alive(self) -> bool:
        try:
            return self._client.get("/_control/rules").is_success
        except httpx.HTTPError:
            return False

    def account(self) -> Account:
        answer = self._client.get("/_control/account").raise_for_status()
        return Account.model_validate_json(answer.content)

    def change_price(self, listing: ShownListing, price: int) -> None:
        self._send("PATCH", f"/listings/{listing.id}", {"price": price})

    def withdraw(self, listing: ShownListing) -> None:
        self._send("POST", f"/listings/{listing.id}/withdraw", {})

    def delete(self, listing: ShownListing) -> None:
        self._send("DELETE", f"/listings/{listing.id}", {})

    def add_own(self, store: ShownStore, title: str) -> None:
        self._send("POST", f"/stores/{store.id}/listings", {"title": title})

    def suspend(self, store: ShownStore, reason: str) -> None:
        self._send("POST", f"/stores/{store.id}/suspend", {"reason": reason})

    def remove_dials(self) -> None:
        self._send("DELETE", "/dials", {})

    def close(self) -> None:
        self._client.close()

    def _send(self, method: str, path: str, body: Mapping[str, object]) -> None:
        self._client.request(method, f"/_control{path}", json=dict(body)).raise_for_status()
