"""What Jupyter calls the parts of a notebook that belong to widgets, and where it keeps them."""

from nbformat import NotebookNode

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


def saved_models(nb: NotebookNode) -> dict:
    """Give the widget models that a notebook was saved with, by their ids.

    JupyterLab may save none, and Colab saves its own where Jupyter has a level `state`: they are no
    models of ours.
    """
    return nb.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
