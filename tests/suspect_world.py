"""A search for suspect labels that has ended, with what it found."""

from classifier.types import Signal, Suspect
from reviewapp.models import Category
from reviewapp.selectors.suspects import labelled_products
from reviewapp.services import suspects
from tests.factories import ListedProductFactory
from tests.labels import label


def suspects_found(now, number=3):
    """Products labelled as toys that read like novels; the first one is in review."""
    toy, novel = Category.objects.get(code=1280), Category.objects.get(code=10)
    for index in range(number):
        product = ListedProductFactory(designation=f"Roman policier, tome {index}", category=toy)
        label(now, code=toy.code, product=product, input_digest=product.input_digest)
    search = suspects.request_search(user=None, now=now)
    rows = labelled_products()
    found = [
        Suspect(
            row=row,
            signals=(Signal.CONFIDENT_LEARNING, Signal.NEAR_DUPLICATES),
            given=toy.code,
            suggested=novel.code,
            p_given=0.04,
            p_suggested=0.91,
            duplicates=2,
            given_votes=0,
            suggested_votes=2,
            doubt=0.99,
        )
        for row, product in enumerate(rows)
        if product.code == toy.code
    ]
    hold = suspects.claim_search(search_id=search.pk, now=now)
    done = suspects.finish_search(
        hold=hold, rows=rows, suspects=found, judged=len(rows), version=None, now=now
    )
    suspects.open_suspects(search_id=done.pk, most=1, now=now)
    return done
