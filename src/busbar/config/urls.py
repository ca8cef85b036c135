"""Every address of the product: sign-in, API, console."""

from django.urls import include, path

from busbar.api.main import api
from busbar.console.sign_in import closed, forgotten_password

_CLOSED = ("email/", "confirm-email/", "password/set/", "password/reset/", "login/code/")
"""What allauth offers by mail; here an administrator is the way back in."""

urlpatterns = [
    path("accounts/password/reset/", forgotten_password, name="forgotten_password"),
    *[path(f"accounts/{page}", closed) for page in _CLOSED],
    *[path(f"accounts/{page}<path:rest>", closed) for page in _CLOSED],
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", api.urls),
    path("", include("busbar.console.urls")),
]
