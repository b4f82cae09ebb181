"""A moderator's own keys at the desk."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from reviewapp.domain.keys import DEFAULT_KEYS, keys_of
from reviewapp.forms.keys import KeysForm
from reviewapp.services import accounts
from reviewapp.types import UserRequest
from reviewapp.views.review.access import may_review
from reviewapp.views.review.sections import sections


@require_http_methods(["GET", "POST"])
@may_review
def keys(request: UserRequest) -> HttpResponse:
    """Show and change the keys; "reset" brings back the common ones."""
    if request.method != "POST":
        user = request.user
        has_characters = {"has_characters": user.has_character_keys}
        return _page(request, KeysForm(initial=keys_of(user.desk_keys) | has_characters))
    if "reset" in request.POST:
        accounts.save_desk_keys(user=request.user, keys=DEFAULT_KEYS)
        messages.success(request, _("The keys are as for everybody again."))
        return redirect("review:keys")
    form = KeysForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    accounts.save_desk_keys(
        user=request.user,
        keys=form.keys(),
        has_characters=form.cleaned_data["has_characters"],
    )
    messages.success(request, _("Your keys are saved."))
    return redirect("review:desk")


def _page(request: UserRequest, form: KeysForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "tabs": sections(request, "")}
    return render(request, "review/keys.html", context, status=status)
