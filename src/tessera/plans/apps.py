from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "tessera.plans"
    label = "plans"
