"""The site with the style guide, which production does not show."""

from django.urls import path

from reviewapp.urls import urlpatterns as site
from reviewapp.views.styleguide import styleguide

urlpatterns = [path("styleguide/", styleguide), *site]
