"""The sample's products, one sheet per market: good rows under their merchant, dirty ones with their question."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from onboarder.demo.sample_people import HELD_NUMBER, SamplePerson
from onboarder.demo.sample_words import TITLE, SampleItem, SampleWords
from onboarder.demo.sample_writing import price_cell, stock_cell, weight_cell
from onboarder.intake.asked import AskedCode
from onboarder.intake.cells import Cell
from onboarder.intake.export import ExportSheet
from onboarder.intake.sheets import Merge

_HEADERS = "No Reg | Nama Pedagang | Nama Barang | Varian | Hrg | Stok | Berat (gr) | Kategori | Keterangan | Foto"
HEADER = tuple(_HEADERS.split(" | "))
_LINES = (TITLE, "Daftar barang (rekaan)", "")
_PER_PERSON = 6
_Row = list[Cell]


@dataclass(slots=True)
class SampleGoods:
    """The sheets, how many products and variants can be taken, and what must be asked about the rest."""

    sheets: list[ExportSheet] = field(default_factory=list[ExportSheet])
    products: int = 0
    variants: int = 0
    asked: Mapping[AskedCode, int] = field(default_factory=dict[AskedCode, int])


def goods_sheets(words: SampleWords, people: Sequence[SamplePerson], random: Random) -> SampleGoods:
    """About six products for everybody; names of merchants are merged over their goods."""
    made = SampleGoods()
    for market, writings in enumerate(words.markets):
        rows: list[_Row] = []
        merges: list[Merge] = []
        for index, person in enumerate(people):
            if person.market == market:
                block = _block(words, index, person, made, random)
                top = len(_LINES) + 1 + len(rows)
                merges += [Merge(top, column, top + len(block) - 1, column) for column in (0, 1)]
                rows += [*block, *([[]] if index % 5 == 4 else [])]
        if market == 0:
            dirty = _dirty_rows(people)
            rows += [row for row, _ in dirty]
            made.asked = Counter(code for _, code in dirty)
        made.sheets.append(ExportSheet(writings[2], HEADER, rows, _LINES, merges))
    return made


def _block(
    words: SampleWords, index: int, person: SamplePerson, made: SampleGoods, random: Random
) -> list[_Row]:
    """One merchant's goods; the first row names the merchant."""
    block: list[_Row] = []
    for item in _chosen(words, index, person):
        dearer = 1 + random.randrange(-2, 3) / 20
        price = max(1_000, round(item.price * dearer / 500) * 500)
        for variant in item.variants or ("",):
            block.append(_row(item, variant, price, random))
            made.variants += 1
        made.products += 1
    block[0][:2] = [person.number, person.name]
    return block


def _chosen(words: SampleWords, index: int, person: SamplePerson) -> Sequence[SampleItem]:
    """Six of the kind's goods, and for a few merchants one with a name that breaks careless programs."""
    items = words.items(person.kind)
    start = index // len(words.kinds)
    six = [items[(start + place) % len(items)] for place in range(_PER_PERSON)]
    hostile = words.hostile_items
    return [*six, hostile[index - 1]] if 1 <= index <= len(hostile) else six


def _row(item: SampleItem, variant: str, price: int, random: Random) -> _Row:
    style = random.randrange(1_000)
    picture = item.picture.upper() if style % 7 == 0 else item.picture
    weight, stock = weight_cell(item.grams, style // 8), stock_cell(random.randrange(3, 60), style)
    about = "Buatan sendiri, tahan lama." if style % 3 == 0 else ""
    return ["", "", item.name, variant, price_cell(price, style), stock, weight, "", about, picture]


def _dirty_rows(people: Sequence[SamplePerson]) -> Sequence[tuple[_Row, AskedCode]]:
    """Rows with the question that each must raise."""
    first, other = people[0], people[1]

    def row(name: str, owner: str = other.number, **cells: Cell) -> _Row:
        usual: dict[str, Cell] = {"price": "10.000", "stock": 5.0, "weight": 200.0}
        usual |= cells
        middle = [usual.get("variant", ""), usual["price"], usual["stock"], usual["weight"]]
        return [owner, "", name, *middle, "", "", usual.get("photo", "")]

    return (
        (row("Kue lapis legit", price="12.5"), AskedCode.PRICE_UNCLEAR),
        (row("Jamu kunyit asam", price="5.000-7.000"), AskedCode.PRICE_SEVERAL),
        (row("Ikan teri nasi", price="18.000/kg"), AskedCode.PRICE_PER_UNIT),
        (row("Sapu lidi", weight=""), AskedCode.WEIGHT_MISSING),
        (row("Sirup jahe", weight="250 ml"), AskedCode.WEIGHT_UNCLEAR),
        (row("Kopi luwak", stock="banyak"), AskedCode.STOCK_UNCLEAR),
        (row("Dompet batik", photo="tidak-ada.jpg"), AskedCode.PHOTO_MISSING),
        (row("Paket misteri"), AskedCode.CATEGORY_UNKNOWN),
        (row("Teh melati", owner="XXX-0001"), AskedCode.OWNER_UNKNOWN),
        (row("Teh hijau", owner=HELD_NUMBER), AskedCode.OWNER_HELD_BACK),
        (row("Teh hitam", owner=""), AskedCode.OWNER_MISSING),
        (row("Krupuk udang", owner=first.number), AskedCode.LIKELY_SAME_PRODUCT),
        (row("Kaos Cirebon", variant="M"), AskedCode.PRODUCT_HELD_BACK),
        (row("Kaos Cirebon", variant="L", price="45"), AskedCode.PRICE_UNCLEAR),
        (row("Kaos Cirebon", variant="XL"), AskedCode.PRODUCT_HELD_BACK),
    )
