"""Widgets that run in the reader's browser: on the book's pages, in JupyterLab and in Colab."""

from charlm_lib.widgets.text_sampler import TextSampler

__all__ = ["TextSampler"]
