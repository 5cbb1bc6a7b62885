"""What a list says of its pages."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict


class Paged(TypedDict):
    """Go on while `page` is less than `pages`."""

    total: Annotated[int, Field(ge=0, examples=[1])]
    page: Annotated[int, Field(ge=1, examples=[1])]
    per_page: Annotated[int, Field(ge=1, examples=[20])]
    pages: Annotated[int, Field(ge=0, examples=[1])]
