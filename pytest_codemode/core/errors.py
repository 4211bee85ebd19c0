"""The world failed: one sentence that names the thing and the remedy.

News about a candidate is never an exception (see `core.trial`); the end of a run is a `core.budget.StopReason`.
"""

from __future__ import annotations


class CodemodeError(Exception):
    """Anything the user can act on; its text is shown as it stands, without a traceback."""


class ConfigError(CodemodeError):
    """An option, an ini value or the state of the tree does not allow the run."""


class ProposerError(CodemodeError):
    """A source of patches cannot go on."""


class Interrupted(ProposerError):
    """The user has ended the run while a model was waited for: nobody else is asked either."""


class ContextExceeded(ProposerError):
    """A prompt is too long for the model: whoever wrote it can shorten it and ask again."""


class SandboxError(CodemodeError):
    """Foreign code cannot be run as safely as was asked for, or the sandbox died."""
