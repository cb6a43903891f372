"""Every call to the practice marketplace as a request; `READ` marks those that are safe to repeat at once."""

from onboarder.connector.contract import Photo
from onboarder.connector.http import Effect, Request
from onboarder.model.ids import Reference, RemoteId
from onboarder_rehearsal import wire
from onboarder_rehearsal.auth import HeaderAuth


def apply(auth: HeaderAuth, body: wire.ApplicationBody, reference: Reference) -> Request:
    return Request(
        "POST",
        "/v1/sellers",
        "/v1/sellers",
        Effect.WRITE,
        json=body,
        auth=auth,
        reference=reference,
    )


def find_seller(auth: HeaderAuth, reference: Reference) -> Request:
    params = (("external_key", reference),)
    return Request("GET", "/v1/sellers", "/v1/sellers", Effect.READ, params=params, auth=auth)


def issue_token(auth: HeaderAuth, seller: RemoteId) -> Request:
    """An unused token does no harm, so asking again is safe."""
    path = f"/v1/sellers/{seller}/tokens"
    return Request("POST", path, "/v1/sellers/{seller}/tokens", Effect.READ, auth=auth)


def seller(auth: HeaderAuth) -> Request:
    return Request("GET", "/v1/seller", "/v1/seller", Effect.READ, auth=auth)


def set_pickup(auth: HeaderAuth, body: wire.PickupBody, reference: Reference) -> Request:
    path = "/v1/seller/pickup"
    return Request("PUT", path, path, Effect.WRITE, json=body, auth=auth, reference=reference)


def taxonomy(auth: HeaderAuth) -> Request:
    return Request("GET", "/v1/taxonomy", "/v1/taxonomy", Effect.READ, auth=auth)


def upload_image(auth: HeaderAuth, photo: Photo) -> Request:
    """The same photo again gets the same image id, so a lost answer is simply asked for again."""
    file = (f"{photo.hash}.jpg", photo.content, photo.media_type)
    return Request(
        "POST", "/v1/images", "/v1/images", Effect.READ, files=(("file", file),), auth=auth
    )


def create_item(auth: HeaderAuth, body: wire.NewItemBody, reference: Reference) -> Request:
    return Request(
        "POST", "/v1/items", "/v1/items", Effect.WRITE, json=body, auth=auth, reference=reference
    )


def create_batch(auth: HeaderAuth, items: list[wire.NewItemBody]) -> Request:
    path = "/v1/items/batch"
    return Request("POST", path, path, Effect.WRITE, json={"items": items}, auth=auth)


def find_item(auth: HeaderAuth, reference: Reference) -> Request:
    params = (("external_key", reference),)
    return Request("GET", "/v1/items", "/v1/items", Effect.READ, params=params, auth=auth)


def page_of_items(auth: HeaderAuth, limit: int, cursor: str | None) -> Request:
    params = [("limit", str(limit))]
    if cursor is not None:
        params.append(("after", cursor))
    return Request("GET", "/v1/items", "/v1/items", Effect.READ, params=params, auth=auth)


def item(auth: HeaderAuth, number: RemoteId) -> Request:
    return Request("GET", f"/v1/items/{number}", "/v1/items/{item}", Effect.READ, auth=auth)


def change_item(
    auth: HeaderAuth, number: RemoteId, body: wire.ItemChangeBody, reference: Reference
) -> Request:
    return Request(
        "PATCH",
        f"/v1/items/{number}",
        "/v1/items/{item}",
        Effect.WRITE,
        json=body,
        auth=auth,
        reference=reference,
    )


def restock_item(
    auth: HeaderAuth, number: RemoteId, shelves: list[wire.ShelfBody], reference: Reference
) -> Request:
    return Request(
        "PUT",
        f"/v1/items/{number}/shelf",
        "/v1/items/{item}/shelf",
        Effect.WRITE,
        json={"choices": shelves},
        auth=auth,
        reference=reference,
    )


def hide_item(auth: HeaderAuth, number: RemoteId) -> Request:
    return Request(
        "POST", f"/v1/items/{number}/hide", "/v1/items/{item}/hide", Effect.WRITE, auth=auth
    )


def show_item(auth: HeaderAuth, number: RemoteId) -> Request:
    return Request(
        "POST", f"/v1/items/{number}/show", "/v1/items/{item}/show", Effect.WRITE, auth=auth
    )
