from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from reviewapp.demo_accounts import shown_accounts
from reviewapp.forms.accounts import PreferencesForm
from reviewapp.models import User
from reviewapp.network import client_address
from reviewapp.selectors import accounts as selectors
from reviewapp.services import accounts, limits
from reviewapp.services.networks import host_of
from reviewapp.views.limits import too_many

_A_YEAR = 365 * 24 * 3600


def home(request: HttpRequest) -> HttpResponse:
    """The start page: what the site is, and for each role what there is to do."""
    context: dict[str, Any] = {"counts": selectors.shop_counts()}
    user = request.user
    if isinstance(user, User):
        if user.has_perm("reviewapp.add_decision"):
            context["open_items"] = selectors.open_review_count()
            context["decided_today"] = selectors.decided_today(moderator=user, now=timezone.now())
        context["open_reports"] = selectors.open_report_count(reporter=user)
    return render(request, "accounts/home.html", context)


class LogIn(LoginView):
    """Log-in that forgets nobody's language and wears out guessers, not colleagues.

    Only failures count, by account and by network; the answer never tells whether the account
    exists.
    """

    redirect_authenticated_user = False

    def post(self, request: HttpRequest, *args: str, **kwargs: Any) -> HttpResponse:
        try:
            limits.count_log_in(**self._who())
        except limits.LimitReached as reached:
            return too_many(request, reached)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        limits.forgive_log_in(**self._who())
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["demo_accounts"] = shown_accounts() if settings.DEMO else []
        return context

    def _who(self) -> dict[str, str]:
        username = self.request.POST.get("username", "")
        return {"username": username, "network": host_of(client_address(self.request))}


def admin_log_in(request: HttpRequest) -> HttpResponse:
    """Lead to the one log-in page, where guessers wear out; Django's own for the admin has no limit.

    Someone signed in who may not use the admin is told so rather than asked again and again.
    """
    target = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(target)
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Set language or theme: in the account of a person, in a cookie for a visitor."""
    response = HttpResponseRedirect(_safe_next(request))
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return redirect("home")
    language, theme = form.cleaned_data["language"], form.cleaned_data["theme"]
    if isinstance(request.user, User):
        accounts.save_preferences(user=request.user, language=language, theme=theme)
    for name, value in ((settings.LANGUAGE_COOKIE_NAME, language), ("theme", theme)):
        if value:
            response.set_cookie(
                name, value, max_age=_A_YEAR, samesite="Lax", secure=request.is_secure()
            )
    return response


def _safe_next(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if allowed else "/"
