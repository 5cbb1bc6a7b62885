"""What a snapshot takes from the rules that the shop tells of its products."""

from prestashop import FieldRule, ResourceSchema
from prestashop_writer.snapshots import lengths_of


def schema(**sizes: int | None) -> ResourceSchema:
    fields = {name: FieldRule(name, max_size=size) for name, size in sizes.items()}
    return ResourceSchema("products", fields, {})


def test_the_lengths_are_those_that_the_shop_tells() -> None:
    """A reference has 32 characters in older shops; the size of a summary is a setting, and not told here."""
    told = schema(name=128, reference=32, description_short=4194303)
    assert lengths_of(told) == {"name_length": 128, "reference_length": 32}


def test_what_the_shop_does_not_tell_stays_as_it_is() -> None:
    assert lengths_of(schema(name=None)) == {}
