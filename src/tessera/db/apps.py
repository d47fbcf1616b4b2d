from django.apps import AppConfig


class DbConfig(AppConfig):
    name = "tessera.db"
    label = "tessera_db"
