app_name = "models"
urlpatterns = []
