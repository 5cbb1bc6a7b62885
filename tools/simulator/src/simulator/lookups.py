"""What a shop is born with: languages, currency, tax groups, shop, picture sizes, configuration, root
categories.

Source: the answers of a freshly installed PrestaShop 8.2.1 with two languages.
"""

from simulator.fields import Field, Kind, Resource, decimal, flag, ident, integer, localized, moment, text

LANGUAGES = Resource(
    name="languages",
    node="language",
    model="Language",
    fields=(
        text("name", 32, "isGenericName", required=True),
        text("iso_code", 2, "isLanguageIsoCode", required=True),
        text("locale", 5, "isLocale"),
        text("language_code", 5, "isLanguageCode"),
        flag("active"),
        flag("is_rtl"),
        text("date_format_lite", 32, "isPhpDateFormat", required=True),
        text("date_format_full", 32, "isPhpDateFormat", required=True),
    ),
)

CURRENCIES = Resource(
    name="currencies",
    node="currency",
    model="Currency",
    fields=(
        localized("names", 255),
        text("name", 255, "isGenericName"),
        localized("symbol", 255),
        text("iso_code", 3, "isLanguageIsoCode", required=True),
        text("numeric_iso_code", 3, "isNumericIsoCode"),
        integer("precision", "isInt"),
        decimal("conversion_rate", "isUnsignedFloat", required=True),
        flag("deleted"),
        flag("active"),
        flag("unofficial"),
        flag("modified"),
        localized("pattern", 255),
    ),
)

TAX_RULE_GROUPS = Resource(
    name="tax_rule_groups",
    node="tax_rule_group",
    model="TaxRulesGroup",
    fields=(
        text("name", 64, "isGenericName", required=True),
        flag("active"),
        flag("deleted"),
        moment("date_add"),
        moment("date_upd"),
    ),
)

SHOPS = Resource(
    name="shops",
    node="shop",
    model="Shop",
    fields=(
        ident("id_shop_group", "shop_groups", required=True),
        ident("id_category", "categories", required=True),
        flag("active"),
        flag("deleted"),
        text("name", 64, "isGenericName", required=True),
        text("color"),
        text("theme_name"),
    ),
)

IMAGE_TYPES = Resource(
    name="image_types",
    node="image_type",
    model="ImageType",
    fields=(
        text("name", 64, "isImageTypeName", required=True),
        integer("width", "isImageSize", required=True),
        integer("height", "isImageSize", required=True),
        flag("categories"),
        flag("products"),
        flag("manufacturers"),
        flag("suppliers"),
        flag("stores"),
    ),
)

CONFIGURATIONS = Resource(
    name="configurations",
    node="configuration",
    model="Configuration",
    fields=(
        text("value"),
        text("name", 254, "isConfigName", required=True),
        Field("id_shop_group", Kind.INTEGER, "isUnsignedId", nullable=True),
        Field("id_shop", Kind.INTEGER, "isUnsignedId", nullable=True),
        moment("date_add"),
        moment("date_upd"),
    ),
)

RESOURCES = (LANGUAGES, CURRENCIES, TAX_RULE_GROUPS, SHOPS, IMAGE_TYPES, CONFIGURATIONS)

# iso code: name, locale, short and long date format
KNOWN_LANGUAGES = {
    "en": ("English (English)", "en-US", "m/d/Y"),
    "it": ("Italiano (Italian)", "it-IT", "d/m/Y"),
    "de": ("Deutsch (German)", "de-DE", "d.m.Y"),
    "fr": ("Français (French)", "fr-FR", "d/m/Y"),
    "es": ("Español (Spanish)", "es-ES", "d/m/Y"),
    "pl": ("Polski (Polish)", "pl-PL", "Y-m-d"),
    "nl": ("Nederlands (Dutch)", "nl-NL", "d-m-Y"),
    "pt": ("Português PT (Portuguese)", "pt-PT", "d/m/Y"),
}

TAX_GROUPS = (
    "US-AL Rate (4%)",
    "US-AK Rate (0%)",
    "US-AZ Rate (6.6%)",
    "US-AR Rate (6%)",
    "US-CA Rate (8.25%)",
)

# id: name, width, height, and the kinds that use it
PICTURE_SIZES = {
    1: ("cart_default", 125, 125, ("products",)),
    2: ("small_default", 98, 98, ("products", "categories", "manufacturers", "suppliers")),
    3: ("medium_default", 452, 452, ("products", "manufacturers", "suppliers")),
    4: ("home_default", 250, 250, ("products",)),
    5: ("large_default", 800, 800, ("products", "manufacturers", "suppliers")),
    6: ("category_default", 141, 180, ("categories",)),
    7: ("stores_default", 170, 115, ("stores",)),
}

SHOP_SETTINGS = {
    "PS_LANG_DEFAULT": "1",
    "PS_CURRENCY_DEFAULT": "1",
    "PS_STOCK_MANAGEMENT": "1",
    "PS_WEIGHT_UNIT": "kg",
    "PS_DIMENSION_UNIT": "cm",
    "PS_LIMIT_UPLOAD_IMAGE_VALUE": "2",
    "PS_PRODUCT_SHORT_DESC_LIMIT": "800",
    "PS_HOME_CATEGORY": "2",
    "PS_ROOT_CATEGORY": "1",
    "PS_VERSION_DB": "8.2.1",
}
