from bakery import views
from django.urls import path

urlpatterns = [
    path("", views.index),
    path("print/", views.print_something),
    path("fail/", views.fail),
    path("ask/", views.ask),
    path("flood/", views.flood),
]
