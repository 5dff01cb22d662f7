"""The pages that editors make: the home page, and a blog under it."""

from __future__ import annotations

from django.db import models
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page
from wagtail.search import index


class HomePage(Page):
    """The front of the site: a hero, the newest posts, and how to get here."""

    headline = models.CharField(max_length=120)
    lead = models.TextField(max_length=300)
    picture = models.ForeignKey("wagtailimages.Image", on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60, help_text="What the button in the hero says.")
    visiting = RichTextField(help_text="How to get here, and when.")

    content_panels = [
        *Page.content_panels,
        MultiFieldPanel([FieldPanel(name) for name in ("headline", "lead", "picture", "action")], "Hero"),
        FieldPanel("visiting"),
    ]
    max_count = 1
    subpage_types = ["BlogIndexPage"]
    template = "home.html"

    def posts(self) -> models.QuerySet[BlogPage]:
        """The three newest."""
        return newest_posts(self)[:3]


class BlogIndexPage(Page):
    """All posts, the newest first."""

    max_count = 1
    parent_page_types = ["HomePage"]
    subpage_types = ["BlogPage"]
    template = "blog.html"

    def posts(self) -> models.QuerySet[BlogPage]:
        """Every one that is published."""
        return newest_posts(self)


class BlogPage(Page):
    """A post."""

    date = models.DateField()
    intro = models.TextField(max_length=300)
    picture = models.ForeignKey("wagtailimages.Image", on_delete=models.PROTECT, related_name="+")
    body = RichTextField(features=["h2", "h3", "bold", "italic", "link", "ol", "ul", "image"])

    content_panels = [*Page.content_panels, *map(FieldPanel, ("date", "intro", "picture", "body"))]
    search_fields = [*Page.search_fields, index.SearchField("intro"), index.SearchField("body")]
    parent_page_types = ["BlogIndexPage"]
    subpage_types = []
    template = "post.html"


def newest_posts(page: Page) -> models.QuerySet[BlogPage]:
    """The published posts below a page."""
    return BlogPage.objects.descendant_of(page).live().select_related("picture").order_by("-date", "pk")
