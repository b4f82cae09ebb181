"""Types that views share."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from reviewapp.models import User


class UserRequest(HttpRequest):
    """A request behind `login_required`: the user is a real one."""

    user: User
    htmx: HtmxDetails
