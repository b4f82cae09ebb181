from django.urls import path

from reviewapp.views import embedding, rings

app_name = "rings"
urlpatterns = [
    path("", rings.index, name="index"),
    path("cases/", rings.cases, name="cases"),
    path("cases/<int:case_id>/look/", rings.look, name="look"),
    path("policy/", rings.policy, name="policy"),
    path("sites/", embedding.sites, name="sites"),
    path("sites/<int:origin_id>/end/", embedding.end_site, name="end-site"),
    path("<int:ring_id>/", rings.detail, name="detail"),
]
