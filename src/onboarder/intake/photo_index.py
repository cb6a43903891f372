"""Which stored photo each file name of a register stands for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onboarder.intake.asked import AskedCode
from onboarder.model.ids import PhotoHash


@dataclass(frozen=True, slots=True)
class PhotoIndex:
    """Names as the register writes them (case does not matter), to stored photos or to what must be asked."""

    found: Mapping[str, PhotoHash] = field(default_factory=dict[str, PhotoHash])
    faults: Mapping[str, AskedCode] = field(default_factory=dict[str, AskedCode])

    def look(self, name: str) -> PhotoHash | AskedCode:
        """The photo, or PHOTO_MISSING, PHOTO_SEVERAL, PHOTO_UNREADABLE."""
        key = name.casefold()
        return self.found.get(key) or self.faults.get(key, AskedCode.PHOTO_MISSING)
