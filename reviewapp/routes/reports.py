from django.urls import path

from reviewapp.views import reports

app_name = "reports"
urlpatterns = [
    path("", reports.mine, name="mine"),
    path("product/<int:product_id>/", reports.submit, name="submit"),
]
