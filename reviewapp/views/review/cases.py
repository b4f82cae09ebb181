"""What a lead looks at before deciding: shared by disagreements and questions."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from reviewapp.models import Category, Product
from reviewapp.selectors import review as selectors


def case_context(product: Product, answered: Iterable[Category | None]) -> dict[str, Any]:
    """Context of review/_lead_case.html: the product, the models' answers, and the guide to the
    categories in question."""
    suggestions, members = selectors.models_said(product=product)
    codes = {category.code for category in answered if category is not None}
    codes |= {suggestion.category.code for suggestion in suggestions[:2]}
    return {
        "product": product,
        "suggestions": suggestions,
        "members": members,
        "guides": [guide for guide in selectors.guides() if guide.category.code in codes],
        "client_key": uuid4(),
    }
