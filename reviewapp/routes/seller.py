from django.urls import path

from reviewapp.views import appeals, previews, seller

app_name = "seller"
urlpatterns = [
    path("", seller.products, name="products"),
    path("add/", seller.add, name="add"),
    path("previews/", previews.ask, name="preview"),
    path("previews/<uuid:preview_id>/", previews.show, name="preview-answer"),
    path("tokens/", seller.tokens, name="tokens"),
    path("tokens/revoke/", seller.revoke, name="revoke"),
    path("<int:product_id>/", seller.product, name="product"),
    path("<int:product_id>/edit/", seller.edit, name="edit"),
    path("<int:product_id>/preview/", previews.ask, name="preview-edit"),
    path("<int:product_id>/appeal/", appeals.submit, name="appeal"),
]
