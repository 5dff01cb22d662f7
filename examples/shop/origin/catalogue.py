"""What the shop sells. Only facts: how they are kept is `store`'s, how they look is the templates'."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """A shelf of the shop."""

    slug: str
    name: str
    blurb: str
    drawing: str  # the product whose picture stands for the shelf


@dataclass(frozen=True, slots=True)
class Product:
    """A thing on a shelf. `drawing` names a template in `templates/drawings/`, which `colour` tints."""

    slug: str
    name: str
    brand: str
    category: str
    drawing: str
    colour: str
    price_euros: int
    stock: int
    weight_grams: int
    material: str
    tagline: str
    text: str
    bestseller: bool = False
    sponsored: bool = False

    @property
    def weight(self) -> str:
        """The weight as one would say it.

        >>> PRODUCTS[0].weight
        '2.4 kg'
        """
        return f"{self.weight_grams / 1000:.1f} kg" if self.weight_grams >= 1000 else f"{self.weight_grams} g"


@dataclass(frozen=True, slots=True)
class Tint:
    """A colour of the range: as it is, in the shade, and as the ground of a picture."""

    base: str
    shade: str
    ground: str


TINTS = {
    "moss": Tint("#5f7f4f", "#45613a", "#e9eee0"),
    "rust": Tint("#c4583a", "#9c4029", "#f6e6dd"),
    "blue": Tint("#3d7391", "#2b566f", "#e1ebef"),
    "sun": Tint("#e0a92f", "#b98518", "#f8efd8"),
    "sand": Tint("#c9ad84", "#a58a62", "#f2ebdf"),
    "graphite": Tint("#4a5357", "#343b3f", "#e8eaea"),
}

CATEGORIES = (
    Category("tents", "Tents & sleep", "Two metres of weather between you and the stars.", "rygg-2-tent"),
    Category("packs", "Packs", "Carries the weight, forgets the miles.", "tur-55-backpack"),
    Category("clothing", "Clothing", "Wool next to you, a shell against the rest.", "regn-shell-jacket"),
    Category("kitchen", "Camp kitchen", "Coffee tastes better above the tree line.", "glod-stove"),
    Category("cabin", "Light & cabin", "For evenings that arrive at four o’clock.", "lykt-lantern"),
)

PRODUCTS = (
    Product(
        "rygg-2-tent", "Rygg 2 tent", "Fjell & Fjord", "tents", "tent", "moss", 389, 14, 2400, "Recycled ripstop nylon",
        "Stands up in a gale, packs down to a loaf.",
        "A tunnel for two with a porch that swallows both packs. Colour-coded poles, a tub floor, and inner doors that "
        "open without unzipping the storm. Pitched by one person in four minutes, gloves on.",
        bestseller=True,
    ),
    Product(
        "rygg-4-tent", "Rygg 4 tent", "Fjell & Fjord", "tents", "tent", "rust", 529, 6, 3900, "Recycled ripstop nylon",
        "Headroom for four and a wet dog.",
        "The family tunnel tent: two doors, standing room to pull on trousers, and a porch to cook in when it pours. "
        "Every seam is taped by hand and every pole can be replaced on its own.",
    ),
    Product(
        "dun-5-sleeping-bag", "Dun −5 sleeping bag", "Granskog", "tents", "sleeping-bag", "blue", 249, 22, 980,
        "Responsible down, 700 fill", "Three seasons and the odd surprise.",
        "A mummy bag with box walls, so that no cold comes through the stitching. Packs to four litres. Goes well with "
        "a two-person tent: a left and a right zip can be joined.",
        bestseller=True,
    ),
    Product(
        "dun-15-sleeping-bag", "Dun −15 sleeping bag", "Granskog", "tents", "sleeping-bag", "rust", 349, 9, 1420,
        "Responsible down, 800 fill", "Winter is a tent, a stove and this.",
        "Draught collar, a pocket for what must not freeze, and 750 grams of down that came through a dozen winters in "
        "our own workshop’s test tent.",
    ),
    Product(
        "mose-sleeping-mat", "Mose sleeping mat", "Granskog", "tents", "mat", "moss", 99, 31, 520,
        "TPU on recycled polyester", "R-value 4.2, rolls to the size of a bottle.",
        "Warm enough for frozen ground, quiet enough for a tent companion. Repair kit in the stuff sack.",
    ),
    Product(
        "tur-55-backpack", "Tur 55 backpack", "Fjell & Fjord", "packs", "pack", "rust", 219, 11, 1650,
        "Waxed recycled canvas", "A week’s food and no sore hips.",
        "An adjustable back, a lid that becomes a hip bag, and straps outside for a tent or a mat. Spare buckles are "
        "in stock for as long as the pack is.",
        bestseller=True,
    ),
    Product(
        "tur-28-daypack", "Tur 28 daypack", "Fjell & Fjord", "packs", "pack", "blue", 119, 27, 780,
        "Waxed recycled canvas", "Commutes on Friday, summits on Saturday.",
        "Room for a shell, a flask and lunch; a sleeve for what you promised to leave at home. A rain cover hides in "
        "the bottom.",
    ),
    Product(
        "vann-dry-bag", "Vann 20 dry bag", "Havbris", "packs", "dry-bag", "sun", 35, 48, 210, "Welded TPU",
        "Falls in the fjord, does not mind.",
        "Twenty litres, welded rather than sewn. The roll top has a stiff edge that closes with cold fingers.",
    ),
    Product(
        "regn-shell-jacket", "Regn shell jacket", "Havbris", "clothing", "jacket", "sun", 279, 17, 430,
        "Three layers, no PFAS", "For two hundred days of rain a year.",
        "A hood that turns with you, pockets above the hip belt, zips under the arms. Washed and worn for a winter in "
        "Bergen before we put it on the shelf.",
        bestseller=True,
    ),
    Product(
        "vind-jacket", "Vind wind jacket", "Havbris", "clothing", "jacket", "blue", 149, 20, 190, "Recycled nylon",
        "A handful against the wind.",
        "Packs into its own chest pocket. Two-way zip, elastic cuffs, and a hem long enough to sit on.",
    ),
    Product(
        "ull-base-layer", "Ull base layer", "Granskog", "clothing", "shirt", "graphite", 79, 40, 220,
        "Merino wool, 18.5 micron", "Five days without anyone noticing.",
        "Mulesing-free merino, flat seams, a hem that stays tucked under a pack. Warm when wet, which is when it "
        "matters.",
    ),
    Product(
        "lue-beanie", "Lue beanie", "Granskog", "clothing", "beanie", "rust", 39, 63, 80, "Lambswool, rib knit",
        "Knitted thick, felted once.",
        "The hat that is still on your head at breakfast. Two layers over the ears.",
    ),
    Product(
        "sti-hiking-boots", "Sti hiking boots", "Fjell & Fjord", "clothing", "boot", "sand", 199, 13, 1180,
        "Waxed leather, wool lining", "Made to be resoled, twice.",
        "A stiff shank for scree, a soft collar for the walk home. Send them in after a thousand kilometres: our "
        "workshop puts on a new sole.",
        bestseller=True,
    ),
    Product(
        "glod-stove", "Glød stove", "Polarlys", "kitchen", "stove", "graphite", 89, 25, 320, "Brass and steel",
        "A litre boiled in three minutes, in wind.",
        "A low burner inside a windshield, with legs that stand on snow. Runs on gas, also upside down in the cold.",
        bestseller=True,
    ),
    Product(
        "emalje-mug", "Emalje mug", "Polarlys", "kitchen", "mug", "blue", 18, 90, 140, "Enamelled steel",
        "Takes dents like compliments.",
        "Holds three decilitres, hangs from a pack, stands on a stove. The rim is rolled steel, so it never cuts.",
        sponsored=True,
    ),
    Product(
        "termos-flask", "Termos 75 flask", "Polarlys", "kitchen", "flask", "moss", 42, 36, 390, "Stainless steel",
        "Still hot when the cloud lifts.",
        "Keeps coffee above sixty degrees for twelve hours. A lid that pours with mittens on.",
    ),
    Product(
        "lykt-lantern", "Lykt lantern", "Polarlys", "cabin", "lantern", "sun", 69, 18, 340, "Aluminium, frosted glass",
        "Warm light for a cold tent.",
        "Two weeks on a low flame of LEDs, dimmed by turning the top. Hangs in a tent or stands on the cabin table.",
        bestseller=True, sponsored=True,
    ),
    Product(
        "hode-headlamp", "Hode 400 headlamp", "Polarlys", "cabin", "headlamp", "rust", 59, 33, 85,
        "Recycled polycarbonate", "Sees the next cairn, and the one after.",
        "Four hundred lumens, a red light that spares your tent companions, and a lock so that it is not flat when it "
        "is dark.",
    ),
    Product(
        "pledd-blanket", "Pledd wool blanket", "Granskog", "cabin", "blanket", "blue", 139, 12, 1300,
        "Norwegian lambswool", "Three generations of one sofa.",
        "Woven on old looms from wool that is not fit for jumpers and just right for this. Washes itself in the mist.",
        bestseller=True,
    ),
    Product(
        "oks-axe", "Øks camp axe", "Granskog", "cabin", "axe", "sand", 95, 8, 840, "Carbon steel, ash handle",
        "Kindling before the coffee boils.",
        "Hand-forged, oiled, in a leather sheath. Comes with a card on how to sharpen it, and a stone to do so.",
    ),
)  # fmt: skip
