from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "tessera.organizations"
    label = "organizations"
