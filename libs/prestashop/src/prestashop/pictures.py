"""The pictures of products: the one resource that is not XML."""

from dataclasses import dataclass
from typing import Final

from prestashop.answers import check_deletion, image_ids_in, uploaded_image_id
from prestashop.errors import ShopRefusal
from prestashop.transport import Carrier, Upload

_HEAD_OF_AN_ANSWER_BYTES: Final = 64 * 1024
_UNKNOWN_IMAGE: Final = 57


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures over HTTP; every method raises a ShopError when it fails.

    Ids are positive: without an image id a DELETE is answered 200 and deletes nothing.
    """

    transport: Carrier

    async def upload(self, product_id: int, data: bytes, filename: str, content_type: str) -> int:
        """Add a picture and return its id, which the shop tells in XML only."""
        answer = await self.transport.request(
            "POST",
            _path(product_id),
            body=Upload("image", data, filename, content_type),
            entities=1,
            keep_bytes=_HEAD_OF_AN_ANSWER_BYTES,
        )
        return uploaded_image_id(answer.body)

    async def replace(
        self, product_id: int, image_id: int, data: bytes, filename: str, content_type: str
    ) -> None:
        """Put a picture in the place of another: a POST called PUT, because PHP reads no form from a PUT."""
        await self.transport.request(
            "POST",
            _path(product_id, image_id),
            query="ps_method=PUT",
            body=Upload("image", data, filename, content_type),
            entities=1,
            keep_bytes=_HEAD_OF_AN_ANSWER_BYTES,
        )

    async def ids(self, product_id: int) -> list[int]:
        """List the pictures of a product."""
        try:
            answer = await self.transport.request("GET", _path(product_id))
        except ShopRefusal as refusal:
            if refusal.status == 404:
                return []
            raise
        return image_ids_in(answer.body)

    async def read(self, product_id: int, image_id: int) -> bytes:
        """Read a picture."""
        return (await self.transport.request("GET", _path(product_id, image_id))).body

    async def delete(self, product_id: int, image_id: int) -> None:
        """Delete a picture, if it is there."""
        try:
            check_deletion(await self.transport.request("DELETE", _path(product_id, image_id), entities=1))
        except ShopRefusal as refusal:
            if refusal.code != _UNKNOWN_IMAGE:
                raise


def _path(product_id: int, *image_id: int) -> str:
    if any(number < 1 for number in (product_id, *image_id)):
        raise ValueError("the ids of a product and a picture are positive")
    return "/".join(["images/products", str(product_id), *map(str, image_id)])
