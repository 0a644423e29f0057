import sys

from django.http import HttpResponse
from django.shortcuts import render


def hello(request):
    return HttpResponse("hello")


def print_query(request):
    print(request.GET["text"])
    return HttpResponse("printed")


def write_stderr(request):
    sys.stderr.write(request.GET["text"] + "\n")
    return HttpResponse("written")


def boom(request):
    raise ValueError("boom in view")


def broken_template(request):
    return render(request, "broken.html")


def stop_in_pdb(request):
    number = 42
    import pdb

    pdb.set_trace()
    return HttpResponse(str(number))


def ask(request):
    return HttpResponse(input("Your name: "))
