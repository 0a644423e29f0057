"""Views that show what the console can do. Break this file on purpose, save it, and look at the console."""

import time

from django.http import HttpResponse
from django.shortcuts import render


def index(request):
    return render(request, "index.html")


def print_something(request):
    print("Three loaves, \033[33mgolden\033[0m, for table \033[1m7\033[0m")
    return HttpResponse("Printed. Look at the console.")


def fail(request):
    flour = {"wheat": 3}
    return HttpResponse(flour["rye"])  # a KeyError: a 500, with its traceback in the console


def ask(request):
    answer = input("How many croissants? ")
    return HttpResponse(f"{answer} croissants are in the oven.")


def flood(request):
    begun = time.perf_counter()
    print("".join(f"order {number:05}: one loaf, sliced\n" for number in range(50_000)), end="")
    return HttpResponse(f"50,000 orders printed in {time.perf_counter() - begun:.2f} s.")
