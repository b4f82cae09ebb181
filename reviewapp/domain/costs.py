"""What right and wrong decisions cost, and the threshold that costs least. Pure.

One unit of money throughout; which one is the operator's choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Costs:
    """The costs of a policy.

    wrong: of one product listed in a wrong category; by_category: the same for single categories,
        by the code that the product is listed under
    review_minute: of a minute of a moderator; review_seconds: of one review
    delay_hour: of one hour that a product waits for a moderator; delay_hours: how long it waits
    moderator_error: share of reviewed products that end wrong all the same, 0..1
    """

    wrong: float = 0.35
    by_category: Mapping[int, float] = field(default_factory=dict)
    review_minute: float = 0.42
    review_seconds: float = 10.0
    delay_hour: float = 0.0
    delay_hours: float = 1.0
    moderator_error: float = 0.0

    @property
    def review(self) -> float:
        """Of sending one product to a moderator: the work, and the wait."""
        return self.review_minute * self.review_seconds / 60 + self.delay_hour * self.delay_hours

    def wrong_in(self, code: int) -> float:
        """Of one product listed wrongly under `code`."""
        return self.by_category.get(code, self.wrong)

    def weight(self, code: int) -> float:
        """Return how many times the usual cost a wrong listing under `code` is, in 0.01..100."""
        if self.wrong <= 0:
            return 1.0
        return min(max(self.wrong_in(code) / self.wrong, 0.01), 100.0)

    def threshold(self, code: int) -> float:
        """Return the confidence from which listing under `code` costs less than a review, 0..1.

        Listing costs (1 - p) x wrong, a review costs `review` + moderator_error x wrong (Chow, "On
        optimum recognition error and reject tradeoff", IEEE Trans. Information Theory 1970). Holds
        for calibrated confidences only.
        """
        wrong = self.wrong_in(code)
        if wrong <= 0:
            return 0.0
        return min(max(1.0 - self.review / wrong - self.moderator_error, 0.0), 1.0)
