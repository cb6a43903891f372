"""Token families as a strict marketplace keeps them: every refresh token works once, and using one again revokes all."""

from dataclasses import dataclass, field


@dataclass
class Family:
    """The tokens of one store; `current` is the number of the only refresh token that works."""

    current: int = 0
    revoked: bool = False
    refreshes: int = 0
    refused: int = 0

    def refresh(self, number: int) -> int | None:
        """The next number; None for a token used before, and from then on for all."""
        if self.revoked or number != self.current:
            self.revoked = True
            self.refused += 1
            return None
        self.current += 1
        self.refreshes += 1
        return self.current


@dataclass
class Families:
    """All stores' families, by remote id."""

    known: dict[str, Family] = field(default_factory=dict[str, Family])

    def of(self, shop: str) -> Family:
        return self.known.setdefault(shop, Family())
