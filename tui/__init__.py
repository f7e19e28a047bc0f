"""sagetop: a terminal monitor for Amazon SageMaker."""

__version__ = "0.1.0"
