"""Where secrets stand. Apart from the vault, so that who only names places waits for no cryptography."""

from dataclasses import dataclass

from onboarder.model.ids import MerchantId


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret stands, and whose it is."""

    owner: MerchantId
    table: str
    column: str
    row: str

    def __str__(self) -> str:
        return f"{self.table}|{self.column}|{self.row}"
