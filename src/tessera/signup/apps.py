from django.apps import AppConfig


class SignupConfig(AppConfig):
    name = "tessera.signup"
    label = "signup"
