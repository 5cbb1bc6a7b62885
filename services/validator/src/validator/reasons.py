"""Why an item is refused: one entry per code, with the sentence that says what is wrong and how to mend it.

The codes are part of the public answers: they may grow, but neither change nor go.
"""

from dataclasses import dataclass

from common.messages import Reason

SHOWN_CHARACTERS = 40
"""Of a sender's value, at most this many characters are repeated in a sentence."""


@dataclass(frozen=True)
class Wording:
    """What is wrong and what to do about it; `{names}` are filled in by the rule."""

    sentence: str
    fix: str


WORDINGS: dict[str, Wording] = {
    "reference_missing": Wording(
        "A product is known by its reference, and this item has none.",
        "Send a reference (it may also be called sku, code or part_number).",
    ),
    "product_not_found": Wording(
        "There is no product with the id {value}.",
        "Send the reference, or an id that an earlier answer has given.",
    ),
    "more_violations": Wording("There are {length} more violations.", "Correct these first."),
    "duplicate_in_submission": Wording(
        "Item {first} of this submission (counted from 0) creates {value} already.",
        "Send each new product once; further changes of it are updates.",
    ),
    "reference_too_long": Wording(
        "The reference has {length} characters; the shop keeps {limit}.", "Shorten it."
    ),
    "reference_forbidden": Wording(
        "The reference contains {found}.",
        "Remove it: the shop refuses < > ; = {{ }} there, and spaces at the ends or invisible characters "
        "make products that look alike.",
    ),
    "name_missing": Wording("A new product needs a name.", "Send one."),
    "name_too_long": Wording(
        "The name has {length} characters; this shop keeps {limit}, and names end at {contract} in any case.",
        "Shorten it.",
    ),
    "field_empty": Wording(
        "This cannot be empty: the shop always needs a value here.",
        "Send a value, or leave the field out to keep what the shop has.",
    ),
    "character_forbidden": Wording(
        "The text contains {found}, which the shop refuses here.", "Remove or replace it."
    ),
    "language_unknown": Wording(
        "The shop {shop} has no language {value}; it has {languages}.",
        "Use one of those, or a plain text for all of them.",
    ),
    "summary_too_long": Wording(
        "The summary has {length} characters without its tags; the shop keeps {limit}.", "Shorten it."
    ),
    "description_too_long": Wording(
        "The description has {length} characters; at most {limit} are taken.", "Shorten it."
    ),
    "description_unsafe": Wording(
        "The HTML contains {found}, which the shop refuses in any product.",
        "Remove scripts, event handlers, frames, forms and embedded objects.",
    ),
    "slug_too_long": Wording("The slug has {length} characters; the shop keeps {limit}.", "Shorten it."),
    "slug_forbidden": Wording(
        "The slug contains {found}.",
        "Use letters from a to z, digits, - and _, or leave it out: the shop makes one of the name.",
    ),
    "meta_title_too_long": Wording(
        "The meta title has {length} characters; the shop keeps {limit}.", "Shorten it."
    ),
    "meta_description_too_long": Wording(
        "The meta description has {length} characters; the shop keeps {limit}.", "Shorten it."
    ),
    "price_negative": Wording("The price is {value}.", "Send 0 or more, without tax."),
    "quantity_negative": Wording("The quantity is {value}.", "Send 0 or more."),
    "number_out_of_range": Wording("The number {value} is not within {least} and {most}.", "Correct it."),
    "tax_rules_group_unknown": Wording(
        "The shop {shop} has no tax rules group {value}.", "Send one that it has, or 0 for no tax."
    ),
    "choice_unknown": Wording("There is no {value} to choose here.", "Send one of {choices}."),
    "category_unknown": Wording(
        "The shop {shop} has no category {value}.", "Create it in the shop, or send one that it has."
    ),
    "ean13_form": Wording(
        "An EAN-13 has 13 digits; this one is {value}.",
        'Send 13 digits, or "" for none. A UPC becomes an EAN-13 with a 0 in front of it.',
    ),
    "ean13_check_digit": Wording(
        "The last digit of {value} does not fit the others: it would be {expected}.", "Correct the number."
    ),
    "brand_name_too_long": Wording(
        "The brand's name has {length} characters; the shop keeps {limit}.", "Shorten it."
    ),
    "too_many_technical_data": Wording(
        "There are {length} technical data; at most {limit} are taken.", "Send fewer."
    ),
    "feature_name_too_long": Wording(
        "Group and name together have {length} characters; the shop keeps {limit}.", "Shorten one of them."
    ),
    "feature_value_too_long": Wording(
        "Value and unit together have {length} characters; the shop keeps {limit}.",
        "Shorten the value, or move it to the description.",
    ),
    "feature_value_forbidden": Wording(
        "The value contains {found}; the shop refuses < > = {{ }} in technical data.",
        'Write it in words, for example "below 5 %".',
    ),
    "too_many_images": Wording("There are {length} images; at most {limit} are taken.", "Send fewer."),
    "image_extension": Wording(
        "The file name {value} does not end in jpg, jpeg, png, gif or webp.",
        "Name the file for what it is; other formats have to be converted.",
    ),
    "discount_quantity": Wording(
        "A discount starts from {value} pieces; that is not within 1 and {most}.", "Correct the quantity."
    ),
    "discount_value": Wording(
        "A discount has either a percentage (above 0, up to 100) or an amount (above 0, up to {most}).",
        "Send exactly one of them.",
    ),
    "discount_dates": Wording("The discount ends on {ends}, before it starts.", "Correct the dates."),
    "supplier_name_too_long": Wording(
        "The supplier's name has {length} characters; the shop keeps {limit}.", "Shorten it."
    ),
    "too_many_variants": Wording(
        "There are {length} variants; at most {limit} of one product are taken.", "Send fewer."
    ),
    "variant_reference_missing": Wording(
        "A variant is known by its reference, and this one has none.", "Send one."
    ),
    "variant_repeated": Wording(
        "Variant {first} (counted from 0) has the same reference; the shop does not tell small letters from "
        "capitals.",
        "Give each variant its own.",
    ),
    "variant_without_options": Wording(
        "A variant without an option cannot be chosen.",
        'Send at least one, for example {{"Size": "L"}}.',
    ),
    "variant_options_differ": Wording(
        "The first variant states {expected}, this one other options.",
        "State the same options for every variant of the product, written alike.",
    ),
    "variant_options_repeated": Wording(
        "Variant {first} (counted from 0) has the same options; nobody could choose between the two.",
        "Send one of them, or another value.",
    ),
    "variant_default_repeated": Wording(
        "Variant {first} (counted from 0) is the default already.", "Make at most one the default."
    ),
    "variant_image_unknown": Wording(
        "There is no picture named {value} among the product's.",
        "Name one of the change's images, written alike, or add it there.",
    ),
    "option_name_too_long": Wording(
        "The option's name has {length} characters; the shop keeps {limit}.", "Shorten it."
    ),
    "option_value_too_long": Wording(
        "The option's value has {length} characters; the shop keeps {limit}.", "Shorten it."
    ),
    "option_repeated": Wording(
        "The option {first} is this one in other letters; the shop does not tell them apart.",
        "Send one of them.",
    ),
    "variant_unknown": Wording(
        "There is no variant {value} in the list that stands beside.",
        "Add it to the list, or leave its quantity out.",
    ),
    "variant_quantity_differs": Wording(
        "The quantity is {value} here and {other} in the list of variants.", "Send one of them."
    ),
    "variant_quantity_repeated": Wording(
        "The variant {first} is this one in other letters; the shop does not tell them apart.",
        "Send one of them.",
    ),
    "discount_repeated": Wording(
        "Discount {first} (counted from 0) has the same quantity and dates; the shop keeps only one.",
        "Send one of them.",
    ),
}


def reason(code: str, field: str, **values: object) -> Reason:
    """A reason with its sentence filled in. Raises `KeyError` for a code or a value that is not there."""
    wording = WORDINGS[code]
    shown = {name: show(value) for name, value in values.items()}
    return Reason(code=code, field=field, message=f"{wording.sentence} {wording.fix}".format(**shown))


def show(value: object) -> str:
    """A value as it may stand in a sentence: on one line, printable, cut."""
    text = "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in str(value))
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
