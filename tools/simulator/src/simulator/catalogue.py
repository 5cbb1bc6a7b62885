"""The resources around products, field by field, in the order of the shop's answers.

Source: `?schema=synopsis` of PrestaShop 8.2.1 and its answers to single wrong values.
"""

from simulator.fields import (
    Association,
    Field,
    Kind,
    Part,
    Resource,
    computed,
    date,
    decimal,
    flag,
    ident,
    integer,
    localized,
    localized_html,
    moment,
    text,
)
from simulator.product_fields import PRODUCTS

INT32 = (-2147483648, 2147483647)
STOCK_AVAILABLES = Resource(
    name="stock_availables",
    node="stock_available",
    model="StockAvailable",
    fields=(
        ident("id_product", "products", required=True),
        ident("id_product_attribute", "combinations", required=True),
        ident("id_shop", "shops"),
        ident("id_shop_group", "shop_groups"),
        Field("quantity", Kind.INTEGER, "isInt", required=True, limits=INT32),
        flag("depends_on_stock", required=True),
        integer("out_of_stock", required=True),
        text("location", 255, "isString"),
    ),
    forbidden=frozenset({"POST", "DELETE"}),
)

MANUFACTURERS = Resource(
    name="manufacturers",
    node="manufacturer",
    model="Manufacturer",
    fields=(
        Field("active", Kind.INTEGER),
        computed("link_rewrite", settable=False),
        text("name", 64, "isCatalogName", required=True),
        moment("date_add", ""),
        moment("date_upd", ""),
        localized_html("description"),
        localized_html("short_description"),
        localized("meta_title", 255),
        localized("meta_description", 512),
        localized("meta_keywords"),
    ),
    associations=(
        Association("addresses", "address", "addresses", (Part("id", "addresses"),), writable=False),
    ),
)

SUPPLIERS = Resource(
    name="suppliers",
    node="supplier",
    model="Supplier",
    fields=(
        Field("link_rewrite", Kind.STRING, nullable=True),
        text("name", 64, "isCatalogName", required=True),
        Field("active", Kind.INTEGER),
        moment("date_add"),
        moment("date_upd"),
        localized_html("description"),
        localized("meta_title", 255),
        localized("meta_description", 512),
        localized("meta_keywords", 255),
    ),
)

PRODUCT_SUPPLIERS = Resource(
    name="product_suppliers",
    node="product_supplier",
    model="ProductSupplier",
    fields=(
        ident("id_product", "products", required=True),
        ident("id_product_attribute", "combinations", required=True),
        ident("id_supplier", "suppliers", required=True),
        ident("id_currency", "currencies"),
        text("product_supplier_reference", 64, "isReference"),
        decimal("product_supplier_price_te"),
    ),
)

CATEGORIES = Resource(
    name="categories",
    node="category",
    model="Category",
    fields=(
        ident("id_parent", "categories", check="isUnsignedInt"),
        Field("level_depth", Kind.INTEGER, "isUnsignedInt", settable=False),
        computed("nb_products_recursive", settable=False),
        flag("active", required=True),
        Field("id_shop_default", Kind.INTEGER, "isUnsignedId", default="1"),
        flag("is_root_category"),
        Field("position", Kind.INTEGER),
        moment("date_add"),
        moment("date_upd"),
        localized("name", 128, "isCatalogName", required=True),
        localized("link_rewrite", 128, "isLinkRewrite", required=True),
        localized_html("description"),
        localized_html("additional_description"),
        localized("meta_title", 255),
        localized("meta_description", 512),
        localized("meta_keywords", 255),
    ),
    associations=(
        Association(
            "categories", "category", "categories", item_link="categories", writable=False, bare=True
        ),
        Association("products", "product", "products", item_link="products", writable=False, bare=True),
    ),
)

PRODUCT_FEATURES = Resource(
    name="product_features",
    node="product_feature",
    model="Feature",
    fields=(integer("position"), localized("name", 128, required=True)),
)

PRODUCT_FEATURE_VALUES = Resource(
    name="product_feature_values",
    node="product_feature_value",
    model="FeatureValue",
    fields=(
        ident("id_feature", "product_features", required=True),
        flag("custom"),
        localized("value", 255, required=True),
    ),
)

PRODUCT_OPTIONS = Resource(
    name="product_options",
    node="product_option",
    model="AttributeGroup",
    fields=(
        flag("is_color_group"),
        text("group_type", required=True),
        integer("position"),
        localized("name", 128, required=True),
        localized("public_name", 64, required=True),
    ),
    associations=(
        Association(
            "product_option_values",
            "product_option_value",
            "product_option_values",
            item_link="product_option_values",
            writable=False,
        ),
    ),
)

PRODUCT_OPTION_VALUES = Resource(
    name="product_option_values",
    node="product_option_value",
    model="ProductAttribute",
    fields=(
        ident("id_attribute_group", "product_options", required=True),
        text("color", check="isColor"),
        integer("position"),
        localized("name", 128, required=True),
    ),
)

COMBINATIONS = Resource(
    name="combinations",
    node="combination",
    model="Combination",
    fields=(
        ident("id_product", "products", required=True),
        text("ean13", 13, "isEan13"),
        text("isbn", 32, "isIsbn"),
        text("upc", 12, "isUpc"),
        text("mpn", 40, "isMpn"),
        text("reference", 64),
        text("supplier_reference", 64),
        decimal("wholesale_price", "isNegativePrice", size=27),
        decimal("price", "isNegativePrice", size=20),
        decimal("ecotax", "isPrice", size=20),
        decimal("weight", "isFloat"),
        decimal("unit_price_impact", "isNegativePrice", size=20),
        integer("minimal_quantity", "isPositiveInt", required=True),
        integer("low_stock_threshold", nullable=True),
        flag("low_stock_alert"),
        Field("default_on", Kind.INTEGER, "isBool", nullable=True, reads_as=""),
        date("available_date"),
        localized("available_now", 255),
        localized("available_later", 255, "IsGenericName"),
    ),
    associations=(
        Association(
            "product_option_values",
            "product_option_value",
            "product_option_values",
            item_link="product_option_values",
            bare=True,
        ),
        Association(
            "images", "image", "images/products", item_link="images/products/{id_product}", bare=True
        ),
    ),
)

SPECIFIC_PRICES = Resource(
    name="specific_prices",
    node="specific_price",
    model="SpecificPrice",
    fields=(
        ident("id_shop_group", "shop_groups"),
        ident("id_shop", "shops", required=True),
        ident("id_cart", "carts", required=True),
        ident("id_product", "products", required=True),
        ident("id_product_attribute", "combinations"),
        ident("id_currency", "currencies", required=True),
        ident("id_country", "countries", required=True),
        ident("id_group", "groups", required=True),
        ident("id_customer", "customers", required=True),
        ident("id_specific_price_rule"),
        decimal("price", "isNegativePrice", required=True),
        integer("from_quantity", "isUnsignedInt", required=True),
        decimal("reduction", required=True),
        flag("reduction_tax", required=True),
        text("reduction_type", check="isReductionType", required=True),
        moment("from", "isDateFormat", required=True),
        moment("to", "isDateFormat", required=True),
    ),
)

TAGS = Resource(
    name="tags",
    node="tag",
    model="Tag",
    fields=(ident("id_lang", "languages", required=True), text("name", 32, "isGenericName", required=True)),
)

RESOURCES = (
    PRODUCTS,
    STOCK_AVAILABLES,
    MANUFACTURERS,
    SUPPLIERS,
    PRODUCT_SUPPLIERS,
    CATEGORIES,
    PRODUCT_FEATURES,
    PRODUCT_FEATURE_VALUES,
    PRODUCT_OPTIONS,
    PRODUCT_OPTION_VALUES,
    COMBINATIONS,
    SPECIFIC_PRICES,
    TAGS,
)
