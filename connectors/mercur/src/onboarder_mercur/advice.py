"""What people are told when Mercur refuses: what happened, who acts, the next step. The rows are in errors.py."""

from onboarder.connector.errors import Advice
from onboarder.model.people import Actor

LOGGED_OUT = Advice(
    "mercur.logged_out",
    Actor.NOBODY,
    "Masa masuk ke Mercur habis. Sistem masuk lagi sendiri.",
    "The login at Mercur has expired. A new login is made by itself.",
)
WRONG_LOGIN = Advice(
    "mercur.wrong_login",
    Actor.OPERATOR,
    "Mercur menolak akun program. Operator memeriksa akun dan kata sandinya.",
    "Mercur refuses our login: it exists with another password. Set the right password file, or another e-mail.",
)
NOT_MEMBER = Advice(
    "mercur.not_member",
    Actor.OPERATOR,
    "Akun kita bukan lagi anggota toko ini di Mercur. Operator meminta undangan baru dari pemilik toko.",
    "Our login is no longer a member of this store. Have its owner invite the login again.",
)
NO_PERMISSION = Advice(
    "mercur.no_permission",
    Actor.OPERATOR,
    "Akun kita tidak punya izin untuk langkah ini di Mercur. Operator meminta peran yang lebih tinggi.",
    "Our login's role may not do this. Have the store's owner give it the role of seller administration.",
)
STORE_TAKEN = Advice(
    "mercur.store_taken",
    Actor.OPERATOR,
    "Kode toko ini sudah dipakai toko lain atau toko yang ditutup di Mercur. Operator menanyakannya ke Mercur.",
    "A store with our Reference exists, but not for our login (terminated, or another's). Ask Mercur's operator.",
)
REFERENCE_TAKEN = Advice(
    "mercur.reference_taken",
    Actor.NOBODY,
    "Data ini sudah ada di Mercur. Sistem mencari dan memakainya.",
    "It already exists at Mercur. It is looked up and adopted.",
)
NAME_TAKEN = Advice(
    "mercur.name_taken",
    Actor.COORDINATOR,
    "Semua pilihan nama toko sudah dipakai di Mercur. Pilih nama toko lain bersama pedagang.",
    "Every proposed store name is taken at Mercur. Choose another shop name with the merchant.",
)
EMAIL_TAKEN = Advice(
    "mercur.email_taken",
    Actor.COORDINATOR,
    "Alamat email ini sudah dipakai toko lain di Mercur. Periksa email pedagang.",
    "The e-mail address belongs to another store at Mercur. Check the merchant's address.",
)
SKU_TAKEN = Advice(
    "mercur.sku_taken",
    Actor.OPERATOR,
    "Kode barang (SKU) masih dipakai catatan lain di Mercur. Operator meminta Mercur menghapus catatan lama itu.",
    "The SKU or handle belongs to another record at Mercur (a removed variant, or another store). Have it removed there.",
)
UNKNOWN_CATEGORY = Advice(
    "mercur.unknown_category",
    Actor.OPERATOR,
    "Kategori barang ini tidak ada di Mercur. Operator memperbaiki daftar kategori.",
    "The category does not exist at Mercur. Mend its key in config/categories.",
)
CATEGORY_LOST = Advice(
    "mercur.category_lost",
    Actor.NOBODY,
    "Kategori barang ini ditarik oleh Mercur saat dikirim. Sistem memeriksa ulang sendiri.",
    "The category was withdrawn while the product was sent, and Mercur left it out. It is looked at again by itself.",
)
ATTRIBUTES = Advice(
    "mercur.attributes",
    Actor.OPERATOR,
    "Mercur meminta keterangan tambahan untuk kategori ini. Operator memeriksa kategorinya.",
    "The category demands attributes that are missing or not allowed. Choose another category or ask Mercur's operator.",
)
CHOICES = Advice(
    "mercur.choices",
    Actor.COORDINATOR,
    "Pilihan (varian) barang tidak diterima Mercur. Periksa nama-nama pilihannya.",
    "The product's variants are not accepted. Check that their names differ and are not empty.",
)
STOCK_REFUSED = Advice(
    "mercur.stock_refused",
    Actor.COORDINATOR,
    "Jumlah stok tidak diterima Mercur. Periksa stok barang ini.",
    "The stock quantity is not accepted. Correct it.",
)
NO_STOCK_KEPT = Advice(
    "mercur.no_stock_kept",
    Actor.COORDINATOR,
    "Mercur tidak menghitung stok tiap pilihan barang ini. Nyalakan lagi pengelolaan stoknya bersama pedagang.",
    "Mercur keeps no stock of a variant, or that of several goods together. Have each variant keep its own again.",
)
PHOTO_REFUSED = Advice(
    "mercur.photo_refused",
    Actor.COORDINATOR,
    "Foto tidak diterima Mercur. Ambil foto lagi.",
    "The photo was not accepted. Take it again.",
)
BAD_REFERENCE = Advice(
    "mercur.bad_reference",
    Actor.OPERATOR,
    "Kode dari sistem kita tidak diterima Mercur. Operator melaporkannya.",
    "Mercur refuses our Reference as a handle. Report it: References must be URL-safe.",
)
BAD_REQUEST = Advice(
    "mercur.bad_request",
    Actor.OPERATOR,
    "Mercur menolak isi kiriman. Operator memeriksa rinciannya.",
    "Mercur refuses what was sent: wrong data or another version of its API. See the detail in the log.",
)
GONE = Advice(
    "mercur.gone",
    Actor.NOBODY,
    "Data ini sudah tidak ada di Mercur. Sistem memeriksa ulang.",
    "The record is no longer at Mercur. The store is looked at again.",
)
STORE_GONE = Advice(
    "mercur.store_gone",
    Actor.OPERATOR,
    "Mercur tidak mengenal toko ini lagi. Operator menanyakannya ke Mercur.",
    "Mercur no longer knows this store. Ask Mercur's operator what became of it.",
)
CHANGED_MEANWHILE = Advice(
    "mercur.changed_meanwhile",
    Actor.NOBODY,
    "Pilihan atau stok barang ini diubah di Mercur pada saat yang sama. Sistem melihat lagi dan mencoba lagi sendiri.",
    "A variant or its stock was removed at Mercur at the same moment. It is looked at and tried again by itself.",
)
NO_LOCATION = Advice(
    "mercur.no_location",
    Actor.NOBODY,
    "Toko ini tidak punya lokasi stok lagi di Mercur. Sistem membuatnya sendiri ketika toko diperiksa lagi.",
    "The store has no stock location at Mercur any more. It gets one by itself when the store is next looked at.",
)
RACE = Advice(
    "mercur.race",
    Actor.NOBODY,
    "Mercur sedang sibuk dengan permintaan yang sama. Sistem mencoba lagi sendiri.",
    "Mercur tripped over two calls at once. It is tried again by itself.",
)
WRONG_ADDRESS = Advice(
    "mercur.wrong_address",
    Actor.OPERATOR,
    "Alamat Mercur salah atau versinya berbeda. Operator memeriksa config/marketplaces.",
    "This address has no such route. Check base_url, and that Mercur is version 2.1.",
)
STOCK_LATER = Advice(
    "mercur.stock_later",
    Actor.NOBODY,
    "Barang sudah dibuat, stoknya menyusul. Sistem melanjutkan sendiri.",
    "The product was created, its stock is not set yet. It is looked up and completed by itself.",
)
NO_CHANNEL = Advice(
    "mercur.no_channel",
    Actor.OPERATOR,
    "Etalase (sales channel) di pengaturan tidak ada di Mercur. Operator memeriksa config/marketplaces.",
    "Mercur has no sales channel of the configured name. Check settings.sales_channel.",
)
CONTENT = Advice(
    "mercur.content",
    Actor.COORDINATOR,
    "Data barang belum bisa dikirim ke Mercur. Perbaiki bagian yang disebut.",
    "The product cannot be sent to Mercur as it is. Correct the named fields.",
)
OTHER_SHAPE = Advice(
    "mercur.other_shape",
    Actor.COORDINATOR,
    "Pilihan barang ini diubah di Mercur sehingga tidak bisa diperbarui otomatis. Rapikan bersama pedagang.",
    "The product's options were rearranged at Mercur; its variants cannot be updated by machine. Tidy them up by hand.",
)
