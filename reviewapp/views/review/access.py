"""Who may use the review desk, and what happens to claims at log-out."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth import user_logged_out
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from reviewapp.models import User
from reviewapp.services import review
from reviewapp.types import UserRequest

P = ParamSpec("P")
View = Callable[Concatenate[UserRequest, P], HttpResponse]


def is_script(request: HttpRequest) -> bool:
    """True when the desk's own JavaScript asks; a form or link is answered with a whole page."""
    return request.headers.get("X-Requested-With") == "desk"


def may_review(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let moderators in. A script whose log-in has ended gets a 401, not the log-in page:
    it keeps what it wanted to send and says so. So does one whose page somebody else had opened
    (`_is_of_another`). What the desk answers a script carries `Desk-Answer`: the script believes
    nobody else that an answer has arrived."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            if is_script(request) or getattr(request, "htmx", False):
                return HttpResponse(_("Please sign in again."), status=401)
            return redirect_to_login(_page_after_log_in(request))
        if is_script(request) and _is_of_another(request):
            return _told(_("Someone else has signed in. Sign in as yourself."), 401)
        if not request.user.has_perm("reviewapp.add_decision"):
            if is_script(request):
                return _told(_("You may not review any more."), 403)
            raise PermissionDenied
        response = view(request, *args, **kwargs)  # type: ignore[arg-type]  # logged in: a UserRequest
        if is_script(request):
            response["Desk-Answer"] = "1"
        return response

    return guarded


def _told(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, headers={"Desk-Answer": "1"})


def _is_of_another(request: HttpRequest) -> bool:
    """True when the page that asks was opened by somebody else than who is signed in by now: what
    waited there to be sent is that person's, and so must be what is claimed for it."""
    author = request.POST.get("moderator", "")
    return author not in ("", str(request.user.pk))


def _page_after_log_in(request: HttpRequest) -> str:
    """What was posted is lost on the way, and its address may be for POST alone: lead to a page."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    match = request.resolver_match
    if match is not None and match.url_name in ("grid", "grid-decide"):
        return reverse("review:grid", kwargs=match.kwargs)
    return reverse("review:desk")


@receiver(user_logged_out)
def free_claims(sender: Any, user: User | None, **kwargs: Any) -> None:
    """Give colleagues at once what someone who logs out still holds."""
    if user is not None:
        review.release_all(moderator=user, now=timezone.now())
