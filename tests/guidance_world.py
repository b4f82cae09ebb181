"""Products with vectors and labels, placed where a test wants them."""

import math
from dataclasses import replace

from reviewapp.models import ProductEmbedding
from reviewapp.models.guidance import DIMENSIONS
from tests.factories import DecisionFactory, FeedbackLabelFactory, ProductFactory
from tests.worker.predictors import result


def unit(degrees, axis=1):
    """A unit vector at an angle to the first axis."""
    vector = [0.0] * DIMENSIONS
    vector[0], vector[axis] = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return vector


def placed(product, version, degrees=0.0, category=None, digest=None):
    return ProductEmbedding.objects.create(
        product=product,
        model_version=version,
        input_digest=digest or product.input_digest,
        vector=unit(degrees),
        confirmed_category=category,
    )


def confirmed(category, version, degrees, **fields):
    """A product that a person has put into `category`, at an angle to the first axis."""
    product = ProductFactory(**fields)
    FeedbackLabelFactory(decision=DecisionFactory(product=product, category=category))
    placed(product, version, degrees, category)
    return product


def embedded(key, vector, **answers):
    return replace(result(key, **answers), embedding=tuple(vector))
