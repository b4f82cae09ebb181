"""Whether answers come by e-mail, and that the address is the person's own."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from reviewapp.forms.reports import MailForm
from reviewapp.network import count_person
from reviewapp.services import confirmations, limits
from reviewapp.services.accounts import save_mail_choice
from reviewapp.services.mail import has_confirmed
from reviewapp.types import UserRequest
from reviewapp.views.reports import mine_page


@require_POST
@login_required
def choose(request: UserRequest) -> HttpResponse:
    """Store whether the answers come by e-mail; a new address is asked to confirm itself."""
    form = MailForm(request.POST)
    if not form.is_valid():
        return mine_page(request, form, status=422)
    save_mail_choice(
        user=request.user,
        wants_mail=form.cleaned_data["wants_mail"],
        email=form.cleaned_data["email"],
    )
    if not request.user.wants_mail or has_confirmed(request.user):
        messages.success(request, _("Saved."))
        return redirect("reports:mine")
    return again(request)


@require_POST
@login_required
def again(request: UserRequest) -> HttpResponse:
    """Send the link to the address; once more if it did not arrive."""
    user, now = request.user, timezone.now()
    if not user.wants_mail or has_confirmed(user):
        return redirect("reports:mine")
    try:
        count_person(request, "confirmations")
        limits.count_attempt(action="confirmations_address", actor=user.email.lower())
    except limits.LimitReached as reached:
        words = _("Too many messages. The next link can be sent in %(minutes)s minutes.")
        messages.warning(request, words % {"minutes": -(-reached.retry_after // 60)})
        return redirect("reports:mine")
    token = confirmations.confirmation_token(user=user, now=now)
    link = request.build_absolute_uri(reverse("reports:confirm", args=[token]))
    confirmations.ask_to_confirm(user=user, link=link, now=now)
    messages.success(request, _("A link is on its way to %(email)s.") % {"email": user.email})
    return redirect("reports:mine")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Where the link leads. The address is confirmed by the button: programs follow links, too."""
    now = timezone.now()
    try:
        person = confirmations.asked_by(token=token, now=now)
        if request.method == "POST":
            confirmations.confirm(token=token, now=now)
            words = _("Confirmed: the answers come to %(email)s.") % {"email": person.email}
            messages.success(request, words)
            return redirect("reports:mine" if request.user.is_authenticated else "home")
    except confirmations.ConfirmationInvalid:
        return render(request, "reports/confirm.html", status=410)
    return render(request, "reports/confirm.html", {"email": person.email})
