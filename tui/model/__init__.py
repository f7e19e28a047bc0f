"""What things are: frozen dataclasses and pure functions; no I/O, no Textual, no boto3."""
