"""How the client behaves towards a shop: bounds on time, size and concurrency."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Bounds of one shop's client; the defaults suit a shop on an ordinary host.

    Sizes and speeds behind the defaults were measured on PrestaShop 8.2.1 (8 PHP workers, nginx): 25 to 50
    products a request at 4 requests at once is its ceiling; more only lengthens every answer.
    """

    connect_timeout_seconds: float = 5.0
    """The longest wait for a connection. Nothing has been sent when it expires."""

    read_timeout_seconds: float = 20.0
    """The longest a request may take in all. When it expires a write may or may not have happened."""

    image_timeout_seconds: float = 60.0
    """The same for the upload of a picture: the shop draws all thumbnails first (2 s for 4000x3000)."""

    max_concurrency: int = 4
    """The most requests to this shop at the same time; fewer as long as it is slow or failing."""

    max_requests_per_minute: float | None = None
    """The most requests to this shop a minute; None for as many as ``max_concurrency`` yields."""

    longest_pause_seconds: float = 10.0
    """A pause that the shop asks for (Retry-After) is waited out up to this; a longer one is an error."""

    max_answer_bytes: int = 32 * 1024 * 1024
    """A longer answer is given up. The answer to an upload repeats the picture in base64."""

    max_entities_per_request: int = 100
    """Longer lists are written in several requests."""

    max_body_bytes: int = 900_000
    """A longer XML body is sent in several requests: nginx refuses bodies above 1 MB by default."""

    max_values_per_look_up: int = 50
    """Values of one field that are asked for in one request."""

    max_filter_bytes: int = 4000
    """The longest filter in a URL: web servers refuse request lines above 8 KB by default."""

    page_size: int = 500
    """Entities per request when a whole resource is read."""

    user_agent: str = "skuwire-prestashop/0.1"
    """How the client names itself."""
