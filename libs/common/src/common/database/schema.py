"""Where a service keeps its tables."""


def schema_of(service: str) -> str:
    """`prestashop-writer` keeps its tables in the schema `prestashop_writer`."""
    return service.replace("-", "_")
