"""The shop's memory: catalogue, carts and orders in one SQLite file. Knows nothing of HTTP."""

from __future__ import annotations

import dataclasses
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from examples.shop.origin.catalogue import PRODUCTS, Product

MAX_QUANTITY = 9
FREE_DELIVERY_EUROS = 100
_DELIVERY_EUROS = 9

_FIELDS = tuple(field.name for field in dataclasses.fields(Product))
_SCHEMA = f"""
    DROP TABLE IF EXISTS product;
    DROP TABLE IF EXISTS product_text;
    CREATE TABLE product ({", ".join(_FIELDS)}, PRIMARY KEY (slug));
    CREATE VIRTUAL TABLE product_text USING fts5 (name, brand, tagline, text, words, tokenize = 'porter unicode61');
    CREATE TABLE IF NOT EXISTS line (cart, product, quantity INTEGER, PRIMARY KEY (cart, product));
    CREATE TABLE IF NOT EXISTS purchase (cart PRIMARY KEY, number TEXT UNIQUE, total_euros INTEGER);
"""


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one product in a cart."""

    product: Product
    quantity: int

    @property
    def euros(self) -> int:
        """What the line costs."""
        return self.product.price_euros * self.quantity


@dataclass(frozen=True, slots=True)
class Bill:
    """What a cart costs, in euros."""

    things: int
    delivery: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.things + self.delivery


def bill(lines: Iterable[Line]) -> Bill:
    """The bill for a cart: delivery is free from a sum on."""
    things = sum(line.euros for line in lines)
    return Bill(things, 0 if things >= FREE_DELIVERY_EUROS else _DELIVERY_EUROS)


class Store:
    """The catalogue is seeded anew at each start; carts and orders last as long as the file."""

    def __init__(self, file: Path) -> None:
        # The app's one event loop is the only one to speak to it, from whichever thread that runs in.
        self._db = sqlite3.connect(file, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._seed(PRODUCTS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._db.close()

    def products(self, category: str) -> tuple[Product, ...]:
        """A shelf, in the catalogue's order."""
        return self._products("WHERE category = ? ORDER BY rowid", category)

    def bestsellers(self) -> tuple[Product, ...]:
        """What the home page shows."""
        return self._products("WHERE bestseller ORDER BY rowid")

    def sponsored(self) -> tuple[Product, ...]:
        """What a brand paid for to be found."""
        return self._products("WHERE sponsored ORDER BY rowid")

    def product(self, slug: str) -> Product | None:
        """One product, if there is such a one."""
        return next(iter(self._products("WHERE slug = ?", slug)), None)

    def search(self, words: str) -> tuple[Product, ...]:
        """What has every one of the words (or their beginnings), best first; a hit in the name weighs most."""
        terms = [f'"{word}"*' for word in re.findall(r"\w+", words)][:8]
        if not terms:
            return ()
        return self._products(
            "JOIN product_text ON product_text.rowid = product.rowid WHERE product_text MATCH ?"
            " ORDER BY bm25(product_text, 8, 4, 2, 1, 4), product.rowid",
            " ".join(terms),
        )

    def cart(self, cart: str) -> tuple[Line, ...]:
        """The lines of a cart, in the catalogue's order."""
        with closing(
            self._db.execute(
                "SELECT slug, quantity FROM line JOIN product ON slug = product WHERE cart = ? ORDER BY product.rowid",
                (cart,),
            )
        ) as rows:
            quantities = dict(rows)
        return tuple(
            Line(product, quantity) for slug, quantity in quantities.items() if (product := self.product(slug))
        )

    def add(self, cart: str, product: Product) -> None:
        """One more of it, up to a bound."""
        with self._db:
            self._db.execute(
                "INSERT INTO line VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET quantity = min(quantity + 1, ?)",
                (cart, product.slug, MAX_QUANTITY),
            )

    def set_quantity(self, cart: str, product: Product, quantity: int) -> None:
        """So many of what is in the cart; none takes it out."""
        with self._db:
            if quantity < 1:
                self._db.execute("DELETE FROM line WHERE cart = ? AND product = ?", (cart, product.slug))
                return
            self._db.execute(
                "UPDATE line SET quantity = ? WHERE cart = ? AND product = ?",
                (min(quantity, MAX_QUANTITY), cart, product.slug),
            )

    def buy(self, cart: str) -> str | None:
        """Turn the cart into an order and return its number; None for an empty cart, and for one that is bought."""
        lines = self.cart(cart)
        if not lines or self.order(cart):
            return None
        with self._db:
            (count,) = self._db.execute("SELECT count(*) FROM purchase").fetchone()
            number = f"FF-{1001 + count}"
            self._db.execute("INSERT INTO purchase VALUES (?, ?, ?)", (cart, number, bill(lines).total))
        return number

    def order(self, cart: str) -> tuple[str, int] | None:
        """Number and total in euros of the order that this cart became."""
        row: tuple[str, int] | None = self._db.execute(
            "SELECT number, total_euros FROM purchase WHERE cart = ?", (cart,)
        ).fetchone()
        return row

    def _products(self, rest: str, *values: str) -> tuple[Product, ...]:
        columns = ", ".join(f"product.{field}" for field in _FIELDS)
        # `rest` is this module's own; what a visitor sent is only ever among the values.
        with closing(self._db.execute(f"SELECT {columns} FROM product {rest}", values)) as rows:  # noqa: S608
            return tuple(Product(*row) for row in rows)

    def _seed(self, products: Iterable[Product]) -> None:
        self._db.executescript(_SCHEMA)
        marks = ", ".join("?" * len(_FIELDS))
        with self._db:
            for product in products:
                self._db.execute(f"INSERT INTO product VALUES ({marks})", dataclasses.astuple(product))  # noqa: S608
                self._db.execute(
                    "INSERT INTO product_text (rowid, name, brand, tagline, text, words) VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        self._db.execute("SELECT last_insert_rowid()").fetchone()[0],
                        product.name,
                        product.brand,
                        product.tagline,
                        product.text,
                        f"{product.category} {product.drawing} {product.colour} {product.material}",
                    ),
                )
