"""`/api/images`: pictures of products, brands, categories and suppliers.

Measured: a create of a product's picture answers the picture itself in base64; a file that cannot be
decoded leaves
an image row behind; deleting without a picture's id answers 200 and deletes nothing.
"""

import asyncio
import base64
import hashlib
from pathlib import Path

from simulator.answers_json import encode
from simulator.answers_xml import cdata, document
from simulator.database import insert
from simulator.entities import whole_number
from simulator.failures import EmptyFailure, Failure, did_you_mean, fail
from simulator.lookups import PICTURE_SIZES
from simulator.pictures import (
    Jpeg,
    Picture,
    UndecodableError,
    original,
    picture_folder,
    prepare,
    remove_picture,
    save_picture,
    sniff,
)
from simulator.schemas import METHODS
from simulator.shop import Shop
from simulator.webservice import (
    EMPTY_SHA1,
    Answer,
    ApiCall,
    NoEntryError,
    Upload,
    crashed,
    enter,
    failed,
    finished,
    permit,
    succeeded,
    unknown_visitor,
)

KINDS = ("general", "products", "categories", "manufacturers", "suppliers", "stores", "customizations")
OWNED_KINDS = frozenset({"categories", "manufacturers", "suppliers"})


async def answer_images(shop: Shop, call: ApiCall) -> Answer:
    """Answer a request to `/api/images/…`."""
    try:
        permit(call, enter(shop, call))
        return finished(shop, await dispatch(shop, call))
    except NoEntryError as refusal:
        return unknown_visitor(shop, call, refusal.failure)
    except Failure as failure:
        return finished(shop, failed(call, failure))
    except EmptyFailure:
        return crashed()


async def dispatch(shop: Shop, call: ApiCall) -> Answer:
    """Send a request to the kind of pictures that it names."""
    if len(call.segments) < 2 or not call.segments[1]:
        return kinds(shop, call)
    kind = call.segments[1]
    if kind not in KINDS:
        raise fail(
            400, 48, f'Image of type "{kind}" does not exist. {did_you_mean(kind, list(KINDS))}', hashed=True
        )
    if len(call.segments) < 3 or not call.segments[2]:
        return listing(shop, call, kind)
    if kind == "products":
        return await product_pictures(shop, call)
    return await owned_picture(shop, call, kind)


def kinds(shop: Shop, call: ApiCall) -> Answer:
    """`GET /api/images`."""
    if call.as_json:
        return nothing_to_show()
    known = [method for method in METHODS if method.upper() in shop.edition.methods]
    rights = " ".join(f'{method}="{str(method in ("get", "head")).lower()}"' for method in known)
    types = f'upload_allowed_mimetypes="{shop.edition.picture_types}"'
    nodes = "".join(
        f'<{kind} xlink:href="{shop.api_url}images/{kind}" {rights} {types}/>\n' for kind in KINDS
    )
    return succeeded(call, 200, document(f"<image_types>\n{nodes}</image_types>\n"), 0)


def nothing_to_show() -> Answer:
    """200 without a body, as after a deletion."""
    return Answer(200, b"", {"Content-Sha1": EMPTY_SHA1})


def sizes(kind: str) -> dict[str, int]:
    """The sizes in which pictures of a kind are offered: name and id, in the order of the names."""
    return dict(
        sorted((name, number) for number, (name, _, _, uses) in PICTURE_SIZES.items() if kind in uses)
    )


def listing(shop: Shop, call: ApiCall, kind: str) -> Answer:
    """`GET /api/images/products`: the sizes of this kind and the ids that have pictures."""
    types = "".join(
        f'<image_type id="{number}" name="{name}" xlink:href="{shop.api_url}image_types/{number}"/>\n'
        for name, number in sizes(kind).items()
    )
    connection = shop.connection
    if kind == "products":
        owners = connection.execute("SELECT DISTINCT id_product AS id FROM image ORDER BY id_product")
    else:
        owners = connection.execute(
            "SELECT owner_id AS id FROM kind_image WHERE kind = ? ORDER BY 1", (kind,)
        )
    nodes = "".join(
        f'<image id="{row["id"]}" xlink:href="{shop.api_url}images/{kind}/{row["id"]}"/>\n' for row in owners
    )
    return succeeded(
        call, 200, document(f"<image_types>\n{types}</image_types>\n<images>\n{nodes}</images>\n"), 0
    )


async def product_pictures(shop: Shop, call: ApiCall) -> Answer:
    """The pictures of one product, or one of them."""
    product = whole_number(call.segments[2])
    if len(call.segments) < 4 or not call.segments[3]:
        if call.method == "POST":
            return await add_picture(shop, call, product)
        return nothing_to_show() if call.method == "DELETE" else picture_list(shop, call, product)
    number = whole_number(call.segments[3])
    statement = "SELECT mime FROM image WHERE id = ? AND id_product = ?"
    row = shop.connection.execute(statement, (number, product)).fetchone()
    if row is None:
        raise fail(400, 57, "This image id does not exist", hashed=True)
    folder = picture_folder(shop.pictures, "products", number)
    if call.method == "POST":
        raise fail(400, 65, "This image already exists. To modify it, please use the PUT method", hashed=True)
    if call.method == "PUT":
        jpeg = Jpeg(shop.edition.halves_colours, progressive=False)
        picture = await decoded(checked_upload(shop, call.upload), jpeg, keeps_png=False)
        save_picture(folder, picture)
        shop.connection.execute("UPDATE image SET mime = ? WHERE id = ?", (picture.mime, number))
        return picture_bytes(picture)
    if call.method == "DELETE":
        delete_picture(shop, product, number)
        return nothing_to_show()
    return send_picture(folder, call.segments[4] if len(call.segments) > 4 else "", "products")


def picture_list(shop: Shop, call: ApiCall, product: int) -> Answer:
    """The ids of a product's pictures; 404 without a body when it has none."""
    rows = shop.connection.execute("SELECT id FROM image WHERE id_product = ? ORDER BY position", (product,))
    ids = [row["id"] for row in rows]
    if not ids:
        return Answer(404)
    if call.as_json:
        return broken_json_list(shop, product, ids)
    link = f"{shop.api_url}images/products/{product}"
    nodes = "".join(f'<declination id="{one}" xlink:href="{link}/{one}"/>\n' for one in ids)
    return succeeded(call, 200, document(f'<image id="{product}">\n{nodes}</image>\n'), len(ids))


def broken_json_list(shop: Shop, product: int, ids: list[int]) -> Answer:
    """What the shop's JSON writer makes of a picture list: 500, with the ids inside."""
    shown = [{"id": str(one)} for one in (product, *ids)]
    warnings = [{"code": code, "message": message} for code, message in shop.edition.for_each_picture]
    last = {"code": 61, "message": "This image does not exist on disk"}
    body = encode({"": shown, "errors": [*warnings * len(shown), last]}).encode()
    return Answer(500, body, {"Content-Type": "application/json", "Content-Sha1": EMPTY_SHA1})


def checked_upload(shop: Shop, upload: Upload | None) -> bytes:
    """The bytes of an upload that looks like a picture. Codes 72 (too large) and 76 (unknown type)."""
    if upload is None:
        raise fail(400, 76, 'Please set an "image" parameter with image data for value', hashed=True)
    limit = shop.picture_limit_bytes()
    if len(upload.content) > limit:
        text = f"The image size is too large (maximum allowed is {limit // 1000} KB)"
        raise fail(400, 72, text, hashed=True)
    extension = upload.filename.rpartition(".")[2].lower()
    claimed = upload.content_type in ("image/jpeg", "image/png", "image/gif", "image/webp", "image/pjpeg")
    known = extension in shop.edition.picture_extensions and (sniff(upload.content) or claimed)
    if not upload.content or not known:
        text = f"Image format not recognized, allowed formats are: {shop.edition.shown_extensions}"
        raise fail(400, 76, f"Image upload error : {text}", hashed=True)
    return upload.content


async def decoded(content: bytes, jpeg: Jpeg, *, keeps_png: bool = True) -> Picture:
    """The picture, decoded in a thread. Code 76 when it is broken."""
    if not sniff(content):
        raise fail(400, 76, "An error occurred while copying image", hashed=True)
    try:
        return await asyncio.to_thread(prepare, content, jpeg, keeps_png=keeps_png)
    except UndecodableError:
        raise fail(400, 76, "An error occurred while copying image", hashed=True) from None


async def add_picture(shop: Shop, call: ApiCall, product: int) -> Answer:
    """A new picture of a product: the row first, then the file, as the shop does."""
    connection = shop.connection
    if connection.execute("SELECT 1 FROM products WHERE id = ?", (product,)).fetchone() is None:
        raise fail(400, 76, f"Product {product} does not exist", hashed=True)
    content = checked_upload(shop, call.upload)
    has_cover = connection.execute(
        "SELECT 1 FROM image WHERE id_product = ? AND cover = 1", (product,)
    ).fetchone()
    last = "SELECT coalesce(max(position), 0) FROM image WHERE id_product = ?"
    position = int(connection.execute(last, (product,)).fetchone()[0]) + 1
    cover = int(has_cover is None)
    number = insert(connection, "image", id_product=product, position=position, cover=cover)
    picture = await decoded(content, Jpeg(shop.edition.halves_colours))
    save_picture(picture_folder(shop.pictures, "products", number), picture)
    connection.execute("UPDATE image SET mime = ? WHERE id = ?", (picture.mime, number))
    if call.as_json:
        return picture_bytes(picture)
    texts = "".join(
        f'<language id="{one}" xlink:href="{shop.api_url}languages/{one}">{cdata("")}</language>'
        for one in shop.languages
    )
    body = (
        f"<image>\n<id>{cdata(number)}</id>\n<id_product>{cdata(product)}</id_product>\n"
        f"<position>{cdata(position)}</position>\n<cover>{cdata(cover or '')}</cover>\n"
        f"<legend>{texts}</legend>\n"
        f'</image>\n<content encode="base64">{cdata(base64.b64encode(picture.content).decode())}</content>\n'
    )
    return succeeded(call, 200, document(body), 1)


def picture_bytes(picture: Picture) -> Answer:
    """The picture itself as the answer. The shop claims jpeg whatever it is."""
    digest = hashlib.sha1(picture.content, usedforsecurity=False).hexdigest()
    return Answer(200, picture.content, {"Content-Type": "image/jpeg", "Content-Sha1": digest}, 1)


def delete_picture(shop: Shop, product: int, number: int) -> None:
    """Delete a product's picture, also from its combinations; the first of the rest becomes the cover."""
    connection = shop.connection
    connection.execute("DELETE FROM image WHERE id = ?", (number,))
    connection.execute(
        "DELETE FROM link WHERE owner = 'combinations' AND name = 'images' AND place = ?", (number,)
    )
    connection.execute(
        "UPDATE image SET cover = 1"
        " WHERE id = (SELECT id FROM image WHERE id_product = ? ORDER BY position LIMIT 1)"
        " AND NOT EXISTS (SELECT 1 FROM image WHERE id_product = ? AND cover = 1)",
        (product, product),
    )
    remove_picture(picture_folder(shop.pictures, "products", number))


def send_picture(folder: Path, size: str, kind: str) -> Answer:
    """The picture or, for any known size, the one thumbnail. Codes 58 (unknown size) and 61 (no file)."""
    path = original(folder)
    if size:
        names = list(sizes(kind))
        if size not in names:
            raise fail(400, 58, f"This image size does not exist. {did_you_mean(size, names)}", hashed=True)
        path = folder / "thumbnail.jpg" if path else None
    if path is None:
        raise fail(500, 61, "This image does not exist on disk", hashed=True)
    content = path.read_bytes()
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return Answer(200, content, {"Content-Type": "image/jpeg", "Content-Sha1": digest})


async def owned_picture(shop: Shop, call: ApiCall, kind: str) -> Answer:
    """The one picture of a brand, category or supplier."""
    owner = whole_number(call.segments[2])
    folder = picture_folder(shop.pictures, kind, owner)
    connection = shop.connection
    exists = connection.execute(
        "SELECT 1 FROM kind_image WHERE kind = ? AND owner_id = ?", (kind, owner)
    ).fetchone()
    if call.method in ("POST", "PUT") and kind in OWNED_KINDS:
        if exists and call.method == "POST":
            raise fail(
                400, 65, "This image already exists. To modify it, please use the PUT method", hashed=True
            )
        picture = await decoded(checked_upload(shop, call.upload), Jpeg(shop.edition.halves_colours))
        save_picture(folder, picture)
        connection.execute(
            "INSERT OR REPLACE INTO kind_image (kind, owner_id, mime) VALUES (?, ?, ?)",
            (kind, owner, picture.mime),
        )
        return picture_bytes(picture)
    if call.method == "DELETE":
        connection.execute("DELETE FROM kind_image WHERE kind = ? AND owner_id = ?", (kind, owner))
        remove_picture(folder)
        return nothing_to_show()
    return send_picture(
        folder,
        call.segments[3] if len(call.segments) > 3 else "",
        kind if kind in OWNED_KINDS else "stores",
    )
