"""Imports the package before any test module imports numpy, so that numpy runs in one thread."""

import finetune_local.language_model  # noqa: F401
