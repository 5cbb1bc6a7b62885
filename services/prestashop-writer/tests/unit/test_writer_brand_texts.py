"""Which description a brand gets when many products tell one."""

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from common.messages import Brand, Intent
from prestashop_writer.brand_texts import BrandText, Told, differing, newest, told_of
from prestashop_writer.plan import BRAND, Name, plan_product
from prestashop_writer.testing import TWO_LANGUAGES, a_change, a_product

law = settings(deadline=None)  # a busy machine must not make a law fail

ACME = Name(BRAND, "Acme")
NOBODY = plan_product(a_product(), TWO_LANGUAGES)
tellings = st.lists(st.sampled_from(["", "Old", "New"]), max_size=6).map(
    lambda texts: [Told(NOBODY, ACME, text, sequence) for sequence, text in enumerate(texts, start=1)]
)
helds = st.none() | st.builds(BrandText, st.none() | st.sampled_from(["", "Old"]), st.integers(0, 4))


@law
@given(tellings, helds, st.randoms(use_true_random=False))
def test_in_any_order_the_newest_telling_counts_and_an_old_one_never(
    told: list[Told], held: BrandText | None, dice: Random
) -> None:
    before = {} if held is None else {ACME: held}
    shuffled = dice.sample(told, len(told))
    wanted = newest(shuffled, before)
    last = told[-1] if told else None
    if last is not None and last.sequence > (held.sequence if held else 0):
        assert wanted == {ACME: BrandText(last.text, last.sequence)}
    else:
        assert wanted == {}
    after = {**before, **wanted}
    assert newest(told, after) == {}
    assert differing(wanted, after) == []


def texts_told(*brands: Brand | None, **chosen: str) -> list[str]:
    profile = replace(TWO_LANGUAGES, owners=chosen)
    plans = [plan_product(a_product(a_change(brand=brand), presta_id=7), profile) for brand in brands]
    return [told.text for told in told_of(plans, profile)]


def test_a_brand_without_a_description_says_nothing_and_null_clears_it() -> None:
    assert texts_told(Brand(name="Acme"), None, Brand(name=" ", description="Nobody")) == []
    assert texts_told(Brand(name="Acme", description=None), Brand(name="Acme", description="x")) == ["", "x"]
    assert texts_told(Brand(name="Acme", description="x"), brand="shop") == []


def test_a_product_that_goes_says_nothing_of_its_brand() -> None:
    brand = a_change(1, brand=Brand(name="Acme", description="x"))
    plan = plan_product(a_product(brand, a_change(2, Intent.DELETE), presta_id=7), TWO_LANGUAGES)
    assert told_of([plan], TWO_LANGUAGES) == []
