from django.urls import path

from tessera.notices.pages import subscriptions

app_name = "notices"
urlpatterns = [
    path("<slug:slug>/accent.css", subscriptions.accent, name="accent"),
    path("<slug:slug>/<str:token>", subscriptions.subscription, name="subscription"),
]
