"""Who gets what, for leads: assignments and skills."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from reviewapp.forms.sharing import AssignForm, SkillsForm
from reviewapp.models import CategoryFamily, User
from reviewapp.selectors import sharing as selectors
from reviewapp.services import assignments
from reviewapp.services.skills import set_skills
from reviewapp.types import UserRequest
from reviewapp.views.review.sections import LEAD, sections


@require_GET
@login_required
@permission_required(LEAD, raise_exception=True)
def sharing(request: UserRequest) -> HttpResponse:
    """The page: who is strong in what, and for whom items are kept."""
    return _page(request, AssignForm(initial={"product": request.GET.get("product")}))


@require_POST
@login_required
@permission_required(LEAD, raise_exception=True)
def assign(request: UserRequest) -> HttpResponse:
    """Keep the first items of a queue, or one product's, for a moderator."""
    form = AssignForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    count = _assign(form)
    if count:
        text = ngettext(
            "%(count)d product is kept for %(name)s.",
            "%(count)d products are kept for %(name)s.",
            count,
        )
        messages.success(
            request, text % {"count": count, "name": form.cleaned_data["moderator"].username}
        )
    else:
        messages.warning(request, _("There is no free product like this."))
    return redirect("review:sharing")


def _assign(form: AssignForm) -> int:
    data, now = form.cleaned_data, timezone.now()
    moderator, until = data["moderator"], now + timedelta(hours=data["hours"])
    if data["product"] is not None:
        return assignments.assign_product(
            product=data["product"], moderator=moderator, until=until, now=now
        )
    return assignments.assign_slice(
        queue=form.queue(), moderator=moderator, most=data["most"], until=until, now=now
    )


@require_POST
@login_required
@permission_required(LEAD, raise_exception=True)
def end(request: UserRequest, user_id: int) -> HttpResponse:
    """Give everybody back what is kept for one moderator."""
    person = get_object_or_404(User, pk=user_id)
    count = assignments.end_assignments(moderator=person)
    text = ngettext("%(count)d product is free again.", "%(count)d products are free again.", count)
    messages.success(request, text % {"count": count})
    return redirect("review:sharing")


@require_POST
@login_required
@permission_required(LEAD, raise_exception=True)
def skills(request: UserRequest, user_id: int) -> HttpResponse:
    """Say which families a moderator is limited to or strong in."""
    person = get_object_or_404(User, pk=user_id)
    form = SkillsForm(request.POST, CategoryFamily.objects.all())
    if form.is_valid():
        set_skills(moderator=person, kinds=form.kinds())
        messages.success(request, _("Saved for %(name)s.") % {"name": person.username})
    else:
        messages.error(request, _("That is no choice for a family; nothing was changed."))
    return redirect("review:sharing")


def _page(request: UserRequest, form: AssignForm, status: int = 200) -> HttpResponse:
    shares = selectors.shares(now=timezone.now())
    families = list(CategoryFamily.objects.all())
    context: dict[str, Any] = {
        "tabs": sections(request, "review:sharing"),
        "form": form,
        "product": form["product"].value(),
        "rows": [(share, SkillsForm(None, families, share.kinds)) for share in shares],
    }
    return render(request, "review/sharing.html", context, status=status)
