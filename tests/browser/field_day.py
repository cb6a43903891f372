"""Much work done on a phone at once: operations put into its outbox through the app's own modules."""

from tests.browser.phones import PIN, Handset

HELPER = """async ({pin, work}) => {
  const base = document.querySelector('script[type=module]').src.replace('app.js', '');
  const core = await import(base + 'core.js');
  const phone = globalThis.second ??= await core.Phone.start();
  if (!phone.vault) await phone.enter(pin);
  const photo = (seed) => {
    const bytes = new Uint8Array(300_000);
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 31 + seed * 17 + (at >> 8)) % 251;
    return new Blob([bytes]);
  };
  for (const {name, photos} of work) {
    const key = core.ulid();
    const good = core.ulid();
    const common = { method: 'POST', merchant: key, shown: name };
    const pictures = photos.map((seed) => ({
      ...common, id: core.ulid(), kind: 'photo', path: '/uploads', body: null, photo: photo(seed) }));
    const ids = pictures.map((one) => one.id);
    await phone.add([
      { ...common, id: key, kind: 'merchant', path: '/merchants',
        body: { id: key, market: 'KNM', name, shop_name: null, block: 'A', stall: '1', phone: '081234567890', email: null,
          goods: 'terasi', same_person_ok: false, practice: false } },
      ...pictures,
      { ...common, id: good, kind: 'good', path: `/merchants/${key}/goods`, needs: [key, ...ids],
        body: { id: good, name: `Barang ${name}`, price: 5000, stock: 3, weight_grams: 100, category: null,
          description: null, photos: ids, variants: [] } },
    ]);
  }
}"""


def work(phone: Handset, traders: range, *, photos_each: int = 0, pin: str = PIN) -> list[str]:
    """A trader and a good for each number, photos as wanted; on the disk when it returns. Returns the names."""
    planned = [
        {"name": f"Pedagang {one}", "photos": [one * 10 + at for at in range(photos_each)]}
        for one in traders
    ]
    phone.page.evaluate(HELPER, {"pin": pin, "work": planned})
    return [str(one["name"]) for one in planned]
