"""Widgets' scripts and style sheets: committed notebooks have none, the site gets the present ones.

A widget's state carries its whole browser module. In a committed notebook it would be the same text
again and again, and old as soon as the module is edited.
"""

import copy
import importlib

from nbformat import NotebookNode

from tools.book.places import BuildError
from tools.mime import saved_models

# What shows a saved widget without scripts: nbviewer, for one, which has no kernel either.
PLACEHOLDER = (
    "export default { render({ el }) { el.textContent = "
    '"This widget is alive on the book\'s page, and here once its cell has run."; } }'
)
LIBRARY = "charlm_lib.widgets."


def without_scripts(model: NotebookNode) -> NotebookNode:
    """Put a placeholder for the module and the style sheet into a widget model's saved state."""
    if "_esm" in model["state"]:
        state = NotebookNode(model["state"], _esm=PLACEHOLDER, _css="")
        return NotebookNode(model, state=state)
    return model


def with_scripts(name: str, nb: NotebookNode) -> NotebookNode:
    """Put the library's present modules and style sheets into the widgets of a chapter.

    Raises:
        BuildError: a widget's state names none of the library's widgets.
    """
    nb = NotebookNode(nb, metadata=copy.deepcopy(nb.metadata))
    for model in saved_models(nb).values():
        if "_esm" in model["state"]:
            model["state"]["_esm"], model["state"]["_css"] = scripts(
                name, model["state"].get("_anywidget_id", "")
            )
    return nb


def scripts(name: str, widget: str) -> tuple[str, str]:
    """Give the module and the style sheet of a widget, by its class with all that leads to it."""
    module, _, class_name = widget.rpartition(".")
    try:
        if not module.startswith(LIBRARY):
            raise ImportError
        found = getattr(importlib.import_module(module), class_name)
        return str(found._esm), str(found._css)
    except (ImportError, AttributeError) as error:
        raise BuildError(
            f"{name}.ipynb shows a widget {widget!r}, which charlm_lib does not have: "
            "run `make execute`, or write the widget's class into charlm_lib/widgets"
        ) from error
