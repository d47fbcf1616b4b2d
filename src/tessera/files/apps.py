from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "tessera.files"
    label = "files"
