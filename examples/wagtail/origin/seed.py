"""What the garden's editors have written so far: planted once, into an empty site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.db import transaction
from wagtail.images.models import Image
from wagtail.models import Page, Site

from examples.wagtail.origin.models import BlogIndexPage, BlogPage, HomePage
from examples.wagtail.origin.pictures import PICTURES, as_jpeg


@dataclass(frozen=True, slots=True)
class Post:
    """One post of the blog, as its editor would have typed it."""

    slug: str
    title: str
    day: date
    picture: str
    intro: str
    body: str


POSTS = (
    Post(
        "seed-swap",
        "Seed swap, first Sunday of the month",
        date(2026, 10, 20),
        "meadow",
        "Bring what you have too much of, leave with what you never tried. The barn, from ten.",
        "<p>Four hundred envelopes changed hands last time, and nobody paid for one. Write the year on yours, and the "
        "name it had where you got it. Beans go first; come early for them.</p>"
        "<h2>If you have nothing to bring</h2><p>Come anyway. The garden saves seed of its own, from the walled garden "
        "and from the meadow, and there is more of it than envelopes.</p>",
    ),
    Post(
        "lily-nights",
        "The nights on which the Amazon lily opens",
        date(2026, 9, 12),
        "lily",
        "It opens at dusk, white, and closes pink. Two nights, then it is over: we stay open for both.",
        "<p>Nobody can say a week ahead which nights it will be. When a bud stands clear of the water we light the "
        "path to the lily house and keep the gate open until ten.</p>"
        "<h2>What to bring</h2><p>A torch with a red light, if you have one. It is thirty degrees in there: leave the "
        "coat at the door.</p>",
    ),
    Post(
        "maples",
        "The maples, and when to come for them",
        date(2026, 10, 28),
        "maples",
        "Forty-one maples turn within a fortnight, the tall ones by the gate first.",
        "<p>A dry September brings it forward, the first frost ends it overnight. The path behind the pond has most of "
        "them, and the light is best in the hour before we close.</p>",
    ),
    Post(
        "school-days",
        "A school day under glass",
        date(2026, 8, 30),
        "glasshouse",
        "For classes of up to thirty: a morning among plants that bite, climb, and pretend to be stones.",
        "<p>Two guides, three hours, one glasshouse. Everyone pots something and takes it home. Coaches stop at the "
        "north gate; lunch can be eaten indoors.</p>"
        "<h2>What it costs</h2><p>Nothing for state schools. Others pay £4 for each child.</p>",
    ),
)

VISITING = (
    "<p>Open every day but Christmas, nine to dusk. Adults £9, under sixteens nothing. The north gate is step-free, "
    "and so is every path but the one round the pond.</p>"
    "<p>By train to Almswood Halt, hourly, then ten minutes on foot along the brook. Bicycles park inside the gate.</p>"
)


@transaction.atomic
def plant(editor: str, password: str) -> None:
    """Make the pages, their pictures and one account; nothing where the site has its home page already."""
    if HomePage.objects.exists():
        return
    pictures = {name: _picture(name, seen, as_jpeg(draw())) for name, (seen, draw) in PICTURES.items()}
    home = _home(pictures)
    blog = home.add_child(instance=BlogIndexPage(title="Notes from the garden", slug="blog", show_in_menus=True))
    for post in POSTS:
        page = BlogPage(
            title=post.title,
            slug=post.slug,
            date=post.day,
            intro=post.intro,
            body=post.body,
            picture=pictures[post.picture],
        )
        blog.add_child(instance=page).save_revision().publish()
    get_user_model().objects.create_superuser(editor, f"{editor}@almswood.example", password)


def _home(pictures: Mapping[str, Image]) -> HomePage:
    """The home page, in the place of the one that Wagtail's own migrations make."""
    site = Site.objects.get(is_default_site=True)
    welcome = site.root_page
    home: HomePage = Page.get_first_root_node().add_child(
        instance=HomePage(
            title="Almswood Botanic Garden",
            slug="almswood",
            headline="Something is always in flower.",
            lead="Eleven hectares, a glasshouse of 1871 and four hundred oaks. Come in; the paths are dry.",
            picture=pictures["glasshouse"],
            action="Plan a visit",
            visiting=VISITING,
        )
    )
    site.root_page, site.site_name = home, "Almswood"
    site.save()
    welcome.delete()
    return home


def _picture(name: str, seen: str, body: bytes) -> Image:
    return Image.objects.create(title=name.capitalize(), description=seen, file=ContentFile(body, f"{name}.jpg"))
