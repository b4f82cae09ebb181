"""Products that were edited after the model in service had learned them."""

from datetime import timedelta

import pytest

from reviewapp.choices import RouteOutcome
from reviewapp.models import Route, SplitAssignment
from reviewapp.services import predictions
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    RequestFactory,
    RoutingPolicyFactory,
    TrainedRunFactory,
)
from tests.worker.predictors import result

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("is_learned", "stratum", "rate"), [(True, "near", 0.2), (False, "far", 0.05)]
)
def test_an_edit_of_what_the_model_knows_by_heart_is_audited_as_if_it_were_just_sure_enough(
    now, is_learned, stratum, rate
):
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    RoutingPolicyFactory(audit_rate=0.05)
    model, request = ChampionFactory(labels=[10, 20]), RequestFactory()
    TrainedRunFactory(model_version=model)
    moment = model.created_at + timedelta(days=0 if is_learned else 1)
    SplitAssignment.objects.create(product=request.product, split="train", assigned_at=moment)

    [claim] = predictions.claim_requests(limit=1, now=now)
    answers = {claim.key: result(claim.key, code=10, confidence=0.999)}
    predictions.record_results(claims=[claim], results=answers, version=model, now=now)

    route = Route.objects.get()
    assert (route.outcome, route.stratum) == (RouteOutcome.LISTED, stratum)
    assert route.inclusion_probability == pytest.approx(rate)
