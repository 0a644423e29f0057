"""A Django project in one file, for the example: a page that says where it comes from."""

import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

settings.configure(DEBUG=True, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="an example")


def home(request):
    print("somebody visits the blog")
    return HttpResponse("This is the blog.")


urlpatterns = [path("", home)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
