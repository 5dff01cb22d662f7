"""What answers where: the admin, documents, the search, and the editors' pages everywhere else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path
from wagtail import urls as page_urls
from wagtail.admin import urls as admin_urls
from wagtail.documents import urls as document_urls

from examples.wagtail.origin.models import BlogPage


def search(request: HttpRequest) -> HttpResponse:
    """The published posts that have the words in them."""
    words = request.GET.get("q", "").strip()[:80]
    found = BlogPage.objects.live().select_related("picture").search(words) if words else []
    return render(request, "search.html", {"words": words, "found": found})


urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", include(admin_urls)),
    path("documents/", include(document_urls)),
    path("search/", search, name="search"),
    path("", include(page_urls)),
]
