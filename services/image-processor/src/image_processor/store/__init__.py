"""All SQL of image-processor, many rows per statement."""
