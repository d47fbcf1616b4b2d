"""Properties say what holds, not how fast: a busy machine fails none of them."""

from hypothesis import settings

settings.register_profile("tessera", deadline=None)
settings.load_profile("tessera")
