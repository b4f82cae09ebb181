from django.urls import re_path

from reviewapp.views import media

urlpatterns = [
    re_path(
        r"^images/[0-9a-f]{2}/(?P<sha256>[0-9a-f]{64})\.jpg\Z", media.picture, {"kind": "images"}
    ),
    re_path(
        r"^thumbs/[0-9a-f]{2}/(?P<sha256>[0-9a-f]{64})\.webp\Z", media.picture, {"kind": "thumbs"}
    ),
]
