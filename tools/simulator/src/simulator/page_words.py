"""What the shop's pages say themselves, per language, and how they write money. English serves the rest."""

from decimal import Decimal

WORDS = {
    "en": {
        "products": "Products",
        "all": "All products",
        "search": "Search name, reference or EAN",
        "found": "{count} products",
        "found_one": "1 product",
        "nothing": "Nothing on the shelves yet.",
        "nothing_found": "Nothing found.",
        "stock": "{count} in stock",
        "few": "Only {count} left",
        "none": "Out of stock",
        "off": "Not for sale",
        "no_picture": "No picture",
        "no_name": "(no name)",
        "description": "Description",
        "details": "Details",
        "more": "More in {category}",
        "reference": "Reference",
        "ean13": "EAN",
        "weight": "Weight",
        "condition": "Condition",
        "used": "Used",
        "refurbished": "Refurbished",
        "categories": "Categories",
        "brand": "Brand",
        "before": "Previous",
        "next": "Next",
        "footer": "A simulated PrestaShop {version}. Its webservice answers at",
    },
    "it": {
        "products": "Prodotti",
        "all": "Tutti i prodotti",
        "search": "Cerca nome, riferimento o EAN",
        "found": "{count} prodotti",
        "found_one": "1 prodotto",
        "nothing": "Gli scaffali sono ancora vuoti.",
        "nothing_found": "Nessun prodotto trovato.",
        "stock": "{count} disponibili",
        "few": "Solo {count} rimasti",
        "none": "Non disponibile",
        "off": "Non in vendita",
        "no_picture": "Nessuna immagine",
        "no_name": "(senza nome)",
        "description": "Descrizione",
        "details": "Dettagli",
        "more": "Altro in {category}",
        "reference": "Riferimento",
        "ean13": "EAN",
        "weight": "Peso",
        "condition": "Condizione",
        "used": "Usato",
        "refurbished": "Ricondizionato",
        "categories": "Categorie",
        "brand": "Marca",
        "before": "Precedente",
        "next": "Successivo",
        "footer": "Un PrestaShop {version} simulato. Il suo webservice risponde a",
    },
}


def words_of(iso: str) -> dict[str, str]:
    """The words of a language."""
    return WORDS.get(iso, WORDS["en"])


def money(amount: object, iso: str) -> str:
    """A price with two places, in the shop's dollars."""
    text = f"{Decimal(str(amount or 0)):,.2f}"
    if iso == "en":
        return f"${text}"
    return f"{text.translate(str.maketrans(',.', '.,'))} $"
