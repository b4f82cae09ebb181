from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from reviewapp.forms.appeals import AppealForm
from reviewapp.models import Product
from reviewapp.network import count_person
from reviewapp.services import limits
from reviewapp.services.appeals import AppealRefused, submit_appeal
from reviewapp.types import UserRequest
from reviewapp.views.limits import too_many
from reviewapp.views.seller import own_product, product_page


@require_POST
@login_required
@permission_required("reviewapp.add_product", raise_exception=True)
def submit(request: UserRequest, product_id: int) -> HttpResponse:
    """Contest what put an own product where it is."""
    form = AppealForm(request.POST)
    try:
        # What is refused is an attempt, too, as over the API.
        count_person(request, "appeals")
        if not form.is_valid():
            return product_page(request, own_product(request, product_id), form=form, status=422)
        submit_appeal(
            product_id=product_id, seller=request.user, now=timezone.now(), **form.cleaned_data
        )
    except limits.LimitReached as reached:
        return too_many(request, reached)
    except Product.DoesNotExist as error:
        raise Http404 from error
    except AppealRefused as refused:
        form.add_error(None, str(refused))
        return product_page(request, own_product(request, product_id), form=form, status=409)
    messages.success(request, _("Your appeal is on its way to another moderator."))
    return redirect("seller:product", product_id)
