from django.urls import path

from polls import views

urlpatterns = [
    path("", views.hello),
    path("print/", views.print_query),
    path("boom/", views.boom),
    path("template/", views.broken_template),
    path("pdb/", views.stop_in_pdb),
    path("ask/", views.ask),
    path("stderr/", views.write_stderr),
]
