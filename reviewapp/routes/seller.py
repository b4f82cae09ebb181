app_name = "seller"
urlpatterns = []
