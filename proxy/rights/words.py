"""The words of the page on which visitors see what is remembered, in each of its languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `mediums` are those of `source.medium`, in the order of `MEDIUMS`."""

    title: str
    nothing: str
    no_consent: str
    assumed: str
    download: str
    tell: str
    not_told: str
    save: str
    saved: str
    erase: str
    erase_means: str
    erased: str
    later: str
    stale: str
    first_visit: str
    previous_visit: str
    visits: str
    pages: str
    first_source: str
    source: str
    session_started: str
    landing: str
    session_pages: str
    searches: str
    purchases: str
    products: str
    mediums: tuple[str, ...]


MEDIUMS = ("search", "social", "email", "paid", "referral", "chatbot", "direct")

ENGLISH = Words(
    title="What this site remembers of you",
    nothing="Nothing is remembered of you.",
    no_consent="You have not agreed to be remembered, so there is nothing to see, correct or erase.",
    assumed="This is remembered, and pages may be chosen for you by it:",
    download="Download all of it",
    tell="What you tell us",
    not_told="not told",
    save="Save",
    saved="Saved.",
    erase="Erase everything",
    erase_means="All of the above is deleted, and so is the cookie by which this site knows your browser. "
    "If you stay with your consent, your next page begins a new, empty profile.",
    erased="Everything that was remembered of you has been erased.",
    later="This could not be completed just now. It is noted and will be done; please look again in a few minutes.",
    stale="This form has expired, or was sent from elsewhere. Nothing was changed; please try again.",
    first_visit="First visit",
    previous_visit="End of the visit before this one",
    visits="Visits",
    pages="Pages seen",
    first_source="What first brought you here",
    source="What brought you here on the latest visit",
    session_started="Latest visit began",
    landing="Its first page",
    session_pages="Its pages",
    searches="Its searches",
    purchases="Purchases",
    products="Bought",
    mediums=("a search", "a social network", "an email", "an advertisement", "a link", "a chatbot", "directly"),
)

GERMAN = Words(
    title="Was diese Website über Sie weiß",
    nothing="Über Sie ist nichts gespeichert.",
    no_consent="Sie haben nicht zugestimmt, dass man sich etwas merkt. Es gibt also nichts zu sehen, zu berichtigen "
    "oder zu löschen.",
    assumed="Das ist gespeichert, und danach können Seiten für Sie ausgewählt werden:",
    download="Alles herunterladen",
    tell="Was Sie uns sagen",
    not_told="keine Angabe",
    save="Speichern",
    saved="Gespeichert.",
    erase="Alles löschen",
    erase_means="Alles oben Genannte wird gelöscht, auch das Cookie, an dem diese Website Ihren Browser erkennt. "
    "Bleibt es bei Ihrer Zustimmung, beginnt mit der nächsten Seite ein neues, leeres Profil.",
    erased="Alles, was über Sie gespeichert war, ist gelöscht.",
    later="Das ließ sich gerade nicht abschließen. Es ist vorgemerkt und wird nachgeholt; bitte sehen Sie in einigen "
    "Minuten noch einmal nach.",
    stale="Dieses Formular ist abgelaufen oder kam von anderswo. Es wurde nichts geändert; bitte versuchen Sie es "
    "noch einmal.",
    first_visit="Erster Besuch",
    previous_visit="Ende des vorigen Besuchs",
    visits="Besuche",
    pages="Gesehene Seiten",
    first_source="Was Sie zuerst hierher brachte",
    source="Was Sie zuletzt hierher brachte",
    session_started="Beginn des letzten Besuchs",
    landing="Seine erste Seite",
    session_pages="Seine Seiten",
    searches="Seine Suchen",
    purchases="Einkäufe",
    products="Gekauft",
    mediums=(
        "eine Suche",
        "ein soziales Netzwerk",
        "eine E-Mail",
        "eine Anzeige",
        "ein Link",
        "ein Chatbot",
        "direkt",
    ),
)

FRENCH = Words(
    title="Ce que ce site retient de vous",
    nothing="Rien n’est retenu de vous.",
    no_consent="Vous n’avez pas accepté que l’on se souvienne de vous : il n’y a donc rien à voir, à corriger ou à "
    "effacer.",
    assumed="Voici ce qui est retenu, et selon quoi des pages peuvent être choisies pour vous :",
    download="Tout télécharger",
    tell="Ce que vous nous dites",
    not_told="non précisé",
    save="Enregistrer",
    saved="C’est enregistré.",
    erase="Tout effacer",
    erase_means="Tout ce qui précède est supprimé, ainsi que le cookie par lequel ce site reconnaît votre navigateur. "
    "Si vous maintenez votre accord, la page suivante commence un nouveau profil, vide.",
    erased="Tout ce qui était retenu de vous est effacé.",
    later="Cela n’a pas pu être achevé à l’instant. C’est noté et ce sera fait ; revenez voir dans quelques minutes.",
    stale="Ce formulaire a expiré ou venait d’ailleurs. Rien n’a été modifié ; veuillez réessayer.",
    first_visit="Première visite",
    previous_visit="Fin de la visite précédente",
    visits="Visites",
    pages="Pages vues",
    first_source="Ce qui vous a amené ici la première fois",
    source="Ce qui vous a amené ici la dernière fois",
    session_started="Début de la dernière visite",
    landing="Sa première page",
    session_pages="Ses pages",
    searches="Ses recherches",
    purchases="Achats",
    products="Achetés",
    mediums=(
        "une recherche",
        "un réseau social",
        "un e-mail",
        "une publicité",
        "un lien",
        "un chatbot",
        "un accès direct",
    ),
)

SPANISH = Words(
    title="Lo que este sitio recuerda de usted",
    nothing="No se recuerda nada de usted.",
    no_consent="Usted no ha aceptado que se le recuerde, así que no hay nada que ver, corregir o borrar.",
    assumed="Esto es lo que se recuerda, y según ello se pueden elegir páginas para usted:",
    download="Descargarlo todo",
    tell="Lo que usted nos dice",
    not_told="sin indicar",
    save="Guardar",
    saved="Guardado.",
    erase="Borrarlo todo",
    erase_means="Se elimina todo lo anterior y también la cookie con la que este sitio reconoce su navegador. Si "
    "mantiene su consentimiento, la página siguiente comienza un perfil nuevo y vacío.",
    erased="Todo lo que se recordaba de usted está borrado.",
    later="No se ha podido completar ahora. Queda anotado y se hará; vuelva a mirar dentro de unos minutos.",
    stale="Este formulario ha caducado o venía de otro lugar. No se ha cambiado nada; inténtelo de nuevo.",
    first_visit="Primera visita",
    previous_visit="Fin de la visita anterior",
    visits="Visitas",
    pages="Páginas vistas",
    first_source="Lo que le trajo aquí la primera vez",
    source="Lo que le trajo aquí la última vez",
    session_started="Comienzo de la última visita",
    landing="Su primera página",
    session_pages="Sus páginas",
    searches="Sus búsquedas",
    purchases="Compras",
    products="Comprado",
    mediums=(
        "una búsqueda",
        "una red social",
        "un correo electrónico",
        "un anuncio",
        "un enlace",
        "un chatbot",
        "directamente",
    ),
)

LANGUAGES: Mapping[str, Words] = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH}


def choose_language(asked: str, accept_language: str) -> str:
    """The language to speak: the one `asked` for in the URL, or the best of `Accept-Language` (RFC 9110 §12.5.4).

    >>> choose_language("", "nb, de-CH;q=0.8, en;q=0.5")
    'de'
    """
    if asked in LANGUAGES:
        return asked
    best, best_weight = "en", 0.0
    for part in accept_language[:512].split(","):
        tag, _, parameter = part.partition(";")
        language = tag.strip().partition("-")[0].lower()
        weight = _weight(parameter)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
