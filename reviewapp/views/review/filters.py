"""Saved filters of the desk."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from reviewapp.domain.queues import parse
from reviewapp.forms.review import SaveFilterForm
from reviewapp.services import saved_filters
from reviewapp.types import UserRequest
from reviewapp.views.review.access import may_review
from reviewapp.views.review.desk import desk_address, queue_asked


@require_POST
@may_review
def save(request: UserRequest) -> HttpResponse:
    """Name the present queue."""
    form = SaveFilterForm(request.POST)
    queue = queue_asked(request)
    if not form.is_valid():
        messages.error(request, _("The filter needs a name of at most 60 characters."))
        return redirect(desk_address(queue))
    data = form.cleaned_data
    try:
        saved_filters.save_filter(
            owner=request.user,
            name=data["name"],
            queue=parse(data["queue"]),
            is_default=data["is_default"],
        )
    except saved_filters.TooManyFilters:
        text = _("You have %(count)d filters already. Delete one first.")
        messages.error(request, text % {"count": saved_filters.MOST_FILTERS})
    else:
        messages.success(request, _("Saved as “%(name)s”.") % {"name": data["name"]})
    return redirect(desk_address(queue))


@require_POST
@may_review
def delete(request: UserRequest, filter_id: int) -> HttpResponse:
    saved_filters.delete_filter(owner=request.user, filter_id=filter_id)
    return redirect(desk_address(queue_asked(request)))
