"""Mercur's seller routes, one method each: send, turn a refusal into an error, read the answer."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar
from urllib.parse import quote

from pydantic import SecretStr, TypeAdapter

from onboarder.connector.contract import Photo
from onboarder.connector.http import Answer, Effect, MarketplaceHttp, Request
from onboarder.model.ids import Reference, RemoteId
from onboarder_mercur import wire
from onboarder_mercur.auth import MemberAuth, Token, read_token
from onboarder_mercur.errors import refusal

T = TypeVar("T")
Body = Mapping[str, object]
Part = tuple[Literal["variants", "options"], str | None]
"""A part of a product by kind and id; without an id a new one."""

MEMBERSHIPS_PAGE = 500
CATEGORIES_PAGE = 1000


class MercurApi:
    """Every method raises `MarketplaceError`s only. `auth` carries the login and, where needed, the store."""

    def __init__(self, http: MarketplaceHttp) -> None:
        self._http = http

    async def log_in(self, email: str, password: SecretStr) -> Token | None:
        """None if there is no such login with this password."""
        return await self._token("/auth/member/emailpass", email, password)

    async def register(self, email: str, password: SecretStr) -> Token | None:
        """A token that owns no store yet; None if the login exists and already owns one. Safe to repeat."""
        return await self._token("/auth/member/emailpass/register", email, password)

    async def memberships(self, auth: MemberAuth, offset: int) -> wire.Memberships:
        """A page of the login's stores, newest first; terminated ones are not among them."""
        params = {
            "fields": wire.MEMBERSHIP_FIELDS,
            "order": "-id",
            "limit": str(MEMBERSHIPS_PAGE),
            "offset": str(offset),
        }
        return await self._get(auth, "/vendor/sellers", wire.MEMBERSHIPS, params)

    async def create_seller(
        self, auth: MemberAuth, body: Body, reference: Reference
    ) -> wire.Seller:
        request = _write(auth, "/vendor/sellers", body=body, reference=reference)
        return (await self._send(request, wire.SELLER)).seller

    async def seller(self, auth: MemberAuth) -> wire.Seller:
        """The store itself with its stock locations."""
        params = {"fields": wire.STORE_FIELDS}
        return (await self._get(auth, "/vendor/sellers/me", wire.SELLER, params)).seller

    async def create_location(
        self, auth: MemberAuth, body: Body, reference: Reference
    ) -> wire.StockLocation:
        request = _write(auth, "/vendor/stock-locations", body=body, reference=reference)
        return (await self._send(request, wire.LOCATION)).stock_location

    async def link_location(
        self, auth: MemberAuth, location: str, channel: str, reference: Reference
    ) -> None:
        """Safe to repeat."""
        path = f"/vendor/stock-locations/{_id(location)}/sales-channels"
        route = "/vendor/stock-locations/{id}/sales-channels"
        body = {"add": [channel]}
        request = _write(auth, path, route=route, body=body, reference=reference)
        await self._send(request, wire.ANYTHING)

    async def sales_channel(self, auth: MemberAuth, name: str | None) -> str | None:
        """The id of the shop window of that name, or of the marketplace's default one."""
        if name is None:
            params = {"fields": "id,default_sales_channel_id"}
            found = await self._get(auth, "/vendor/stores", wire.MARKETPLACE_STORES, params)
            return next((one.default_sales_channel_id for one in found.stores), None)
        params = {"fields": "id,name", "name": name}
        named = await self._get(auth, "/vendor/sales-channels", wire.SALES_CHANNELS, params)
        return next((one.id for one in named.sales_channels if one.name == name), None)

    async def categories(self, auth: MemberAuth) -> tuple[wire.ProductCategory, ...]:
        """All of them, in pages."""
        found: list[wire.ProductCategory] = []
        while True:
            params = {
                "fields": wire.CATEGORY_FIELDS,
                "limit": str(CATEGORIES_PAGE),
                "offset": str(len(found)),
            }
            page = await self._get(auth, "/vendor/product-categories", wire.CATEGORIES, params)
            found.extend(page.product_categories)
            if not page.product_categories or len(found) >= page.count:
                return tuple(found)

    async def upload(self, auth: MemberAuth, photo: Photo) -> str:
        """The URL of the stored photo."""
        suffix = photo.media_type.rpartition("/")[2].replace("jpeg", "jpg")
        request = Request(
            "POST",
            "/vendor/uploads",
            "/vendor/uploads",
            Effect.READ,  # at worst an unused copy stays behind
            files=[("files", (f"{photo.hash}.{suffix}", photo.content, photo.media_type))],
            auth=auth,
        )
        uploads = await self._send(request, wire.UPLOADS)
        if not uploads.files:
            raise self._http.unreadable(request, "no file in the answer")
        return uploads.files[0].url

    async def products(
        self, auth: MemberAuth, filters: Mapping[str, str], *, limit: int, offset: int = 0
    ) -> wire.Products:
        """A page in the order of creation. A filter that Mercur does not know is ignored: check what comes back."""
        params = {
            "fields": wire.PRODUCT_FIELDS,
            "order": "id",
            "limit": str(limit),
            "offset": str(offset),
            **filters,
        }
        return await self._get(auth, "/vendor/products", wire.PRODUCTS, params)

    async def product(self, auth: MemberAuth, product: RemoteId) -> wire.Product:
        """`Gone` if this store has no such product."""
        request = Request(
            "GET",
            f"/vendor/products/{_id(product)}",
            "/vendor/products/{id}",
            Effect.READ,
            params=[("fields", wire.PRODUCT_FIELDS)],
            auth=auth,
        )
        return (await self._send(request, wire.PRODUCT)).product

    async def create_product(
        self, auth: MemberAuth, body: Body, reference: Reference
    ) -> wire.Product:
        return await self._write_product(auth, "", "", body=body, reference=reference)

    async def update_product(
        self, auth: MemberAuth, product: RemoteId, body: Body, reference: Reference
    ) -> wire.Product:
        """Never put `variants` into the body: those it leaves out are deleted."""
        tail = f"/{_id(product)}"
        return await self._write_product(auth, tail, "/{id}", body=body, reference=reference)

    async def write_part(
        self, auth: MemberAuth, product: RemoteId, part: Part, body: Body, reference: Reference
    ) -> wire.Product:
        """Add a variant, or change a variant or an option.

        Of an unknown variant Mercur says 200 and changes nothing: read the answer.
        """
        kind, known = part
        tail, route = f"/{_id(product)}/{kind}", "/{id}/" + kind
        if known is not None:
            tail, route = f"{tail}/{_id(known)}", route + "/{id}"
        return await self._write_product(auth, tail, route, body=body, reference=reference)

    async def delete_variant(
        self, auth: MemberAuth, product: RemoteId, variant: str, reference: Reference
    ) -> None:
        """Deletes its inventory record too, so that the SKU is free again."""
        path = f"/vendor/products/{_id(product)}/variants/{_id(variant)}"
        route = "/vendor/products/{id}/variants/{id}"
        request = _write(auth, path, route=route, body=None, reference=reference, method="DELETE")
        await self._send(request, wire.ANYTHING)

    async def set_levels(self, auth: MemberAuth, body: Body, reference: Reference) -> wire.Levels:
        """Stock at locations: `create` for a first level, `update` for later ones."""
        path = "/vendor/inventory-items/location-levels/batch"
        return await self._send(_write(auth, path, body=body, reference=reference), wire.LEVELS)

    async def _write_product(
        self, auth: MemberAuth, tail: str, route: str, *, body: Body, reference: Reference
    ) -> wire.Product:
        request = _write(
            auth,
            f"/vendor/products{tail}",
            route=f"/vendor/products{route}",
            params=[("fields", wire.PRODUCT_FIELDS)],
            body=body,
            reference=reference,
        )
        return (await self._send(request, wire.PRODUCT)).product

    async def _token(self, path: str, email: str, password: SecretStr) -> Token | None:
        request = Request(
            "POST",
            path,
            path,
            Effect.READ,  # safe to repeat: the same login with the same password
            json={"email": email, "password": password.get_secret_value()},
        )
        answer = await self._http.send(request)
        if answer.status == 401:
            return None
        try:
            return read_token(self._read(request, answer, wire.TOKEN).token)
        except ValueError as error:
            raise self._http.unreadable(request, str(error)) from None

    async def _get(
        self, auth: MemberAuth, path: str, adapter: TypeAdapter[T], params: Mapping[str, str]
    ) -> T:
        request = Request("GET", path, path, Effect.READ, params=list(params.items()), auth=auth)
        return await self._send(request, adapter)

    async def _send(self, request: Request, adapter: TypeAdapter[T]) -> T:
        return self._read(request, await self._http.send(request), adapter)

    def _read(self, request: Request, answer: Answer, adapter: TypeAdapter[T]) -> T:
        if not answer.ok:
            raise refusal(answer, request.reference)
        try:
            return answer.read(adapter)
        except ValueError as error:
            raise self._http.unreadable(request, str(error)) from None


def _write(
    auth: MemberAuth,
    path: str,
    *,
    body: Body | None,
    reference: Reference,
    route: str | None = None,
    method: str = "POST",
    params: Sequence[tuple[str, str]] = (),
) -> Request:
    return Request(
        method,
        path,
        route or path,
        Effect.WRITE,
        params=params,
        json=body,
        auth=auth,
        reference=reference,
    )


def _id(remote: str) -> str:
    """A remote id as one segment of a path, whatever it contains."""
    return quote(remote, safe="")
