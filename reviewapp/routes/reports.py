from django.urls import path

from reviewapp.views import mail, reports

app_name = "reports"
urlpatterns = [
    path("", reports.mine, name="mine"),
    path("mail/", mail.choose, name="mail"),
    path("mail/again/", mail.again, name="mail-again"),
    path("mail/confirm/<str:token>/", mail.confirm, name="confirm"),
    path("product/<int:product_id>/", reports.submit, name="submit"),
]
