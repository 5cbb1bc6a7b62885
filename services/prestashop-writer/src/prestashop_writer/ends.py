"""How the requests of a step ended for its products, some of which had several entities in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.messages import Reason
from prestashop import Outcome, Refused, Unknown
from prestashop_writer.admission import shop_forbids, shop_refused
from prestashop_writer.pass_context import Pass, speaks_against_the_shop
from prestashop_writer.plan import KeptProduct, ProductPlan
from prestashop_writer.rights import is_forbidden
from prestashop_writer.setbacks import record_failures, set_back
from prestashop_writer.settling import refusal_of, refuse

NO_SUCH_ENTITY = (
    92  # the shop's code for a change of an id that it does not have: what is known is out of date
)


@dataclass
class Ends:
    """Products by how they ended; one that is in none of them can go on.

    `stated` is the field at work, where a key that lacks its rights refuses only the products that state it.
    `together`: several products share the requests, and nobody knows which of them the shop failed on, so
    that none of them is to blame.
    """

    stated: str = ""
    together: bool = False
    refusals: dict[str, Reason] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    behind: dict[str, str] = field(default_factory=dict)
    against_the_shop: list[Outcome] = field(default_factory=list)
    is_unexplained: bool = False

    def goes_on(self, reference: str) -> bool:
        """Whether nothing has gone wrong with a product."""
        return reference not in self.refusals.keys() | self.failures.keys() | self.behind.keys()

    async def note(
        self,
        current: Pass,
        resource: str,
        references: Sequence[str],
        outcomes: Sequence[Outcome],
    ) -> None:
        """Sort the outcomes of a request with entities of these products, in order."""
        for reference, outcome in zip(references, outcomes, strict=True):
            match outcome:
                case Refused(code, message) if code == NO_SUCH_ENTITY:
                    self.failures[reference] = message
                case Refused(code, message):
                    self.refusals[reference] = shop_refused(code, message)
                case Unknown() if self.stated and await is_forbidden(current, resource, outcome):
                    self.refusals[reference] = shop_forbids(resource, self.stated)
                case Unknown(error) if speaks_against_the_shop(outcome):
                    self.behind[reference] = str(error)
                    self.against_the_shop.append(outcome)
                case Unknown(error):
                    blamed = self.behind if self.together else self.failures
                    blamed[reference] = str(error)
                    self.is_unexplained = True

    async def record(
        self, current: Pass, kept: Mapping[str, KeptProduct], plans: Mapping[str, ProductPlan]
    ) -> None:
        """Refuse, set back and count the failures of products; end the pass where the shop is away."""
        refusals = {name: refusal_of(plans[name], reason) for name, reason in self.refusals.items()}
        await refuse(current, refusals)
        if self.is_unexplained:
            await current.make_sure_the_shop_works()
        for cause in set(self.behind.values()):
            await set_back(current, [name for name, error in self.behind.items() if error == cause], cause)
        other = self.failures.keys() - self.refusals.keys() - self.behind.keys()
        await record_failures(current, kept, [plans[name] for name in sorted(other)], self.failures)
        current.stop_where_the_shop_failed(self.against_the_shop)
