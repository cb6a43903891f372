"""What people are told: what happened, who acts, the next step. Which of Shopee's codes leads to which is in errors.py."""

from onboarder.connector.errors import Advice
from onboarder.model.people import Actor


def _say(code: str, who: Actor, indonesian: str, english: str) -> Advice:
    return Advice(f"shopee.{code}", who, indonesian, english)


def _by_itself(code: str, indonesian: str, english: str) -> Advice:
    return _say(code, Actor.NOBODY, indonesian, english)


def _mend(code: str, indonesian: str, english: str) -> Advice:
    """About the product: whoever registered it mends it."""
    return _say(code, Actor.CANVASSER, indonesian, english)


NO_KEY = _say(
    "no_key",
    Actor.OPERATOR,
    "Kunci aplikasi Shopee belum dipasang. Operator menaruhnya di folder rahasia.",
    "The Shopee app's key is not there. Put it into the secrets folder as shopee/partner_key.",
)
SIGNATURE = _say(
    "signature",
    Actor.OPERATOR,
    "Shopee menolak tanda tangan kita. Operator memeriksa alamat, partner id, kunci, dan jam server.",
    "Shopee refuses our signature. Check base_url first, then partner_id, the key and the server's clock.",
)
KEY_EXPIRED = _say(
    "key_expired",
    Actor.OPERATOR,
    "Kunci aplikasi Shopee sudah kedaluwarsa. Operator membuat kunci baru di konsol Shopee.",
    "The app's key has expired (it lasts 180 days). Reset it in the console and put the new one into the secrets folder.",
)
APP_STOPPED = _say(
    "app_stopped",
    Actor.OPERATOR,
    "Aplikasi kita dibatasi oleh Shopee. Operator memeriksa status dan izin aplikasi di konsol Shopee.",
    "Shopee restricts our app. Look at the app's status and permissions in the console.",
)
ADDRESS_UNKNOWN = _say(
    "address_unknown",
    Actor.OPERATOR,
    "Alamat server kita belum terdaftar di Shopee. Operator menambahkannya di konsol Shopee.",
    "Our server's address is not on the app's whitelist. Add it in the console.",
)
WRONG_ADDRESS = _say(
    "wrong_address",
    Actor.OPERATOR,
    "Alamat API Shopee salah. Operator memeriksa base_url di pengaturan.",
    "Shopee knows no such address. Check base_url against the hosts in connectors/shopee/README.md.",
)
OUR_FAULT = _say(
    "our_fault",
    Actor.OPERATOR,
    "Shopee menolak cara kita bertanya atau mengubah barang. Operator melaporkannya ke pengembang.",
    "Shopee refuses the way we ask for or change an item. Report it to the developers with the request id.",
)

# Tokens and consent.
TOKEN_OVER = _by_itself(
    "token_over",
    "Izin masuk sementara habis. Sistem memperbaruinya sendiri.",
    "The access token is over. It is refreshed by itself.",
)
UNREADABLE_TOKENS = _say(
    "tokens_unreadable",
    Actor.MERCHANT,
    "Izin toko yang tersimpan tidak terbaca. Minta penjual menyetujui lagi lewat tautan.",
    "The kept permission cannot be read. The seller agrees again through the link.",
)
RECONSENT = _say(
    "consent_over",
    Actor.MERCHANT,
    "Izin ke toko sudah habis. Minta penjual menyetujui lagi lewat tautan.",
    "The permission for this shop has ended. The seller agrees again through the link; nothing is lost.",
)
CODE_REFUSED = _say(
    "code_refused",
    Actor.MERCHANT,
    "Persetujuan tidak sampai ke Shopee. Minta penjual membuka tautan sekali lagi.",
    "Shopee did not accept the code (used, or older than ten minutes). The seller opens the link again.",
)
NOT_GIVEN = _say(
    "consent_not_given",
    Actor.MERCHANT,
    "Penjual belum menyetujui. Buka tautan lagi, lalu tekan Konfirmasi Otorisasi.",
    "The seller did not agree. Open the link again and press Confirm Authorization.",
)
RENEWAL_UNCLEAR = _by_itself(
    "renewal_unclear",
    "Perpanjangan izin belum pasti berhasil. Sistem mencobanya sekali lagi.",
    "Whether the renewal was done is not known. It is tried once more.",
)
WRONG_SHOP = _say(
    "wrong_shop",
    Actor.MERCHANT,
    "Toko ini bukan toko lokal Indonesia. Setujui lagi dengan akun toko yang benar.",
    "This shop is of another market or cross-border. Agree again with the right shop's account.",
)
SEVERAL_SHOPS = _say(
    "several_shops",
    Actor.MERCHANT,
    "Akun utama ini memegang lebih dari satu toko. Masuk dengan akun toko yang dimaksud, lalu setujui lagi.",
    "This main account holds several shops. Log in with the account of the shop itself and agree again.",
)

# The seller must act.
KYC = _say(
    "kyc",
    Actor.MERCHANT,
    "Penjual belum menyelesaikan pendaftaran toko di Seller Centre Shopee. Selesaikan dulu, lalu kami coba lagi.",
    "The seller has not finished Seller Registration in Seller Centre. We look again every hour.",
)
SHOP_STOPPED = _say(
    "shop_stopped",
    Actor.MERCHANT,
    "Shopee membekukan toko atau akun ini. Penjual melihat alasannya di Seller Centre.",
    "Shopee has banned or frozen this shop or account. The seller looks for the reason in Seller Centre.",
)
PENALTY = _say(
    "penalty",
    Actor.MERCHANT,
    "Toko sedang kena penalti, jadi barang belum bisa diunggah. Penjual melihatnya di Seller Centre.",
    "The shop is under a penalty and may not list. The seller looks at it in Seller Centre.",
)
HOLIDAY = _say(
    "holiday",
    Actor.MERCHANT,
    "Toko sedang libur. Penjual mematikan mode libur, lalu unggahan dilanjutkan.",
    "The shop is in holiday mode. Work goes on once the seller ends it.",
)
SHOP_FULL = _say(
    "shop_full",
    Actor.MERCHANT,
    "Toko sudah mencapai batas jumlah barang. Penjual menghapus barang yang tidak dijual lagi.",
    "The shop has reached its number of items. The seller removes goods that are no longer sold.",
)
NO_SHIPPING = _say(
    "no_shipping",
    Actor.MERCHANT,
    "Belum ada jasa kirim aktif di toko. Atur alamat jemput dan jasa kirim di Seller Centre.",
    "No shipping channel is on. The seller sets the pickup address and shipping in Seller Centre.",
)
LOCKED = _say(
    "locked",
    Actor.MERCHANT,
    "Barang sedang ikut promosi atau dikunci, jadi belum bisa diubah. Tunggu promosi selesai atau keluarkan barangnya.",
    "The item is locked by a promotion or an order. It is tried again; the seller may take it out of the promotion.",
)
OWN_ITEM = _say(
    "own_item",
    Actor.CANVASSER,
    "Penjual sudah punya barang dengan nama ini. Isi SKU Induk barang itu dengan kode yang disebut, atau ganti namanya.",
    "The seller lists something of this name already. Write the code named below into its parent SKU, or change a name.",
)
MULTI_WAREHOUSE = _say(
    "multi_warehouse",
    Actor.OPERATOR,
    "Toko ini memakai banyak gudang dan belum didukung. Operator menghubungi pengembang.",
    "This shop works with several warehouses, which is not supported. Tell the developers.",
)
NO_PACKAGE = _say(
    "no_package",
    Actor.OPERATOR,
    "Jasa kirim toko ini meminta ukuran paket. Operator mengisi ukuran paket di pengaturan.",
    "This shop's channels or category want parcel dimensions. Set `package` in config/marketplaces/shopee.toml.",
)

# By itself.
RATE = _by_itself(
    "rate",
    "Shopee meminta kita lebih pelan. Sistem melanjutkan sendiri.",
    "Shopee asks to go slower. Work goes on by itself.",
)
DAY_LIMIT = _by_itself(
    "day_limit",
    "Jatah panggilan Shopee hari ini habis. Sistem melanjutkan setelah pukul 23.00 WIB.",
    "Today's calls to Shopee are used up. Work goes on after the reset at 23:00 WIB.",
)
BUSY = _by_itself(
    "busy",
    "Shopee sedang terganggu. Sistem mencoba lagi sendiri.",
    "Shopee has a fault of its own. It is tried again by itself.",
)
MOVING = _by_itself(
    "moving",
    "Daftar barang toko berubah saat dibaca. Sistem membacanya lagi nanti.",
    "The shop's list of items changed while it was read. It is read again by itself.",
)
UNCLEAR = _by_itself(
    "unclear",
    "Belum pasti apakah perubahan sudah masuk. Sistem memeriksanya sendiri.",
    "Whether the change was done is not known. It is looked up by itself.",
)
DUPLICATE = _by_itself(
    "duplicate",
    "Shopee menganggap barang ini sudah ada. Sistem mencari dan memakainya.",
    "Shopee takes this for an item that exists already. It is looked up and adopted.",
)
ALREADY_DONE = _by_itself(
    "already_done",
    "Varian sudah pernah dibuat. Sistem membacanya kembali.",
    "The choices exist already. They are read back.",
)
GONE = _by_itself(
    "gone",
    "Barang tidak ada lagi di Shopee. Sistem memeriksa ulang sendiri.",
    "The item is no longer there. It is looked at again by itself.",
)
NOT_APPLIED = _by_itself(
    "not_applied",
    "Shopee menjawab berhasil tetapi belum mengubah barangnya. Sistem mencoba lagi.",
    "Shopee said done and changed nothing. It is tried again.",
)

# The content.
CONTENT = _mend(
    "content",
    "Isian barang ditolak. Perbaiki isian yang disebut.",
    "The product's content was refused. Mend what is named.",
)
CATEGORY = _mend(
    "category",
    "Kategori ini tidak bisa dipakai. Pilih kategori lain.",
    "This category cannot be used. Choose another one.",
)
FORBIDDEN_CATEGORY = _mend(
    "forbidden_category",
    "Kategori ini butuh izin khusus (obat, merek, atau barang terbatas). Barang ini tidak bisa lewat sistem.",
    "This category needs a licence or data that we do not have. The product cannot go up by API.",
)
ATTRIBUTES = _mend(
    "attributes",
    "Masih ada keterangan produk yang wajib diisi untuk kategori ini.",
    "The category demands product details that are missing or not accepted.",
)
BRAND = _mend(
    "brand",
    "Kategori ini mewajibkan merek terdaftar. Pilih kategori lain.",
    "The category wants a registered brand. Choose another category.",
)
PRICE = _mend("price", "Harga ditolak. Perbaiki harganya.", "The price was refused. Mend it.")
TITLE = _mend(
    "title", "Nama barang ditolak. Perbaiki namanya.", "The product's name was refused. Mend it."
)
DESCRIPTION = _mend(
    "description",
    "Deskripsi ditolak. Perbaiki deskripsinya.",
    "The description was refused. Mend it.",
)
PHOTO = _mend(
    "photo",
    "Foto ditolak. Ambil foto baru yang jelas (JPG atau PNG).",
    "A photo was refused. Take a new, clear one (JPG or PNG).",
)
STOCK = _mend("stock", "Stok ditolak. Perbaiki stoknya.", "The stock was refused. Mend it.")
CHOICES = _mend(
    "choices",
    "Varian ditolak. Perbaiki nama atau jumlah varian.",
    "The choices were refused. Mend their names or number.",
)
OTHER_CHOICES = _mend(
    "other_choices",
    "Susunan varian di Shopee berbeda dari catatan kita. Samakan di Seller Centre atau di daftar barang.",
    "The item has choices of another shape. Make them agree in Seller Centre or in the register.",
)
OPTION_PHOTOS = _say(
    "option_photos",
    Actor.MERCHANT,
    "Varian di Shopee memakai foto, varian baru belum punya. Hapus foto semua varian di Seller Centre, lalu kami lanjut.",
    "The choices there have photos and a new one has none. Remove all choices' photos in Seller Centre; it goes on then.",
)
SHIPPING_TIME = _mend(
    "shipping_time",
    "Lama pengemasan tidak cocok dengan kategori ini. Pilih kategori lain.",
    "The category does not allow our days to ship. Choose another category.",
)
PROFILE = _mend(
    "profile",
    "Profil toko ditolak. Perbaiki nama atau deskripsi toko.",
    "The shop's profile was refused. Mend its name or description.",
)
NOT_BY_API = _say(
    "not_by_api",
    Actor.MERCHANT,
    "Akun Shopee dibuat oleh penjual sendiri. Ikuti panduan daftar, lalu buka tautan persetujuan.",
    "No API opens a Shopee shop: the seller signs up and agrees through the link.",
)
