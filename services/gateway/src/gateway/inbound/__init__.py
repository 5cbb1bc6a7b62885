"""Webhooks that an ERP sends: signed, fresh, each delivery once, every attempt on record."""
