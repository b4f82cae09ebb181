import numpy as np

from reviewapp.domain.costs import Costs
from reviewapp.domain.policy_effect import Sample
from reviewapp.domain.routing import Policy
from reviewapp.selectors.policies import what_if


def test_a_threshold_that_lists_nothing_has_neither_an_error_nor_a_bound():
    sample = Sample(np.full(400, 0.9), np.full(400, 10), np.full(400, 10), ("",) * 400)
    policy = Policy(version=1)

    found = what_if(
        sample=sample, current=policy, proposed=policy, costs=Costs(), target=0.02, arrivals=1.0
    )

    _listed, error, bound, _cost = (line["y"] for line in found.chart["series"])
    assert (error[0], error[-1], bound[-1]) == (0.0, None, None)
    assert 0 < bound[0] < 0.01
