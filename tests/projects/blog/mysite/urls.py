from polls import views

try:
    from django.urls import re_path
except ImportError:  # Django 1.11
    from django.conf.urls import url as re_path

urlpatterns = [
    re_path(r"^$", views.hello),
    re_path(r"^print/$", views.print_query),
    re_path(r"^boom/$", views.boom),
    re_path(r"^template/$", views.broken_template),
    re_path(r"^pdb/$", views.stop_in_pdb),
    re_path(r"^ask/$", views.ask),
    re_path(r"^stderr/$", views.write_stderr),
]
