"""What an operator is told of a parked store, by the way it failed. All codes belong to the family `parked`."""

from onboarder.connector.errors import Advice
from onboarder.model.people import Actor

DEADLY = Advice(
    "parked.deadly",
    Actor.OPERATOR,
    "Dihentikan sementara: worker berkali-kali mati saat mengerjakan toko ini. "
    "Operator mencari sebabnya di log worker dan memperbaikinya, lalu: onboarder redrive TOKO",
    "Parked: workers died again and again while they worked on this store. "
    "Mend the cause that the workers' log names, then run `onboarder redrive STORE`.",
)
ENDLESS = Advice(
    "parked.endless",
    Actor.OPERATOR,
    "Dihentikan sementara: pengerjaan toko ini berkali-kali tidak selesai dalam batas waktunya. "
    "Operator mencari sebabnya di log worker dan memperbaikinya, lalu: onboarder redrive TOKO",
    "Parked: work on this store was cut off again and again because it did not end in time. "
    "Mend the cause that the workers' log names, then run `onboarder redrive STORE`.",
)
UNREADABLE = Advice(
    "parked.unreadable",
    Actor.OPERATOR,
    "Dihentikan sementara: catatan toko ini tidak bisa dibaca oleh versi onboarder ini dan dibiarkan apa adanya. "
    "Operator memperbarui worker atau memperbaiki catatannya, lalu: onboarder redrive TOKO",
    "Parked: this release of onboarder cannot read what is on record about this store; nothing of it was changed. "
    "Update the workers or mend the record, then run `onboarder redrive STORE`.",
)
