from django.urls import path

from reviewapp.views import appeals, seller

app_name = "seller"
urlpatterns = [
    path("", seller.products, name="products"),
    path("add/", seller.add, name="add"),
    path("tokens/", seller.tokens, name="tokens"),
    path("tokens/revoke/", seller.revoke, name="revoke"),
    path("<int:product_id>/", seller.product, name="product"),
    path("<int:product_id>/edit/", seller.edit, name="edit"),
    path("<int:product_id>/appeal/", appeals.submit, name="appeal"),
]
