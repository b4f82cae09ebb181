from django.urls import path

from reviewapp.views import reports

app_name = "reports"
urlpatterns = [
    path("", reports.mine, name="mine"),
    path("mail/", reports.mail, name="mail"),
    path("product/<int:product_id>/", reports.submit, name="submit"),
]
