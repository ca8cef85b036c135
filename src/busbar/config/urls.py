"""Every address of the product: sign-in, API, console."""

from django.urls import include, path

from busbar.api.main import api

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", api.urls),
    path("", include("busbar.console.urls")),
]
