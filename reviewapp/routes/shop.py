from django.urls import path

from reviewapp.views import shop

app_name = "shop"
urlpatterns = [
    path("catalogue/", shop.index, name="index"),
    path("catalogue/<int:code>/", shop.aisle, name="category"),
    path("product/<int:product_id>/", shop.product, name="product"),
]
