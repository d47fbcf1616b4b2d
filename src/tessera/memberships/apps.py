from django.apps import AppConfig


class MembershipsConfig(AppConfig):
    name = "tessera.memberships"
    label = "memberships"
