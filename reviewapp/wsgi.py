"""The web process's entry point."""

import os

from django.core.wsgi import get_wsgi_application

from reviewapp import telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewapp.settings.dev")
# Before the middleware is loaded: tracing adds its own.
telemetry.start("bonrayon-web")
application = get_wsgi_application()
