"""The exceptions of this package, one family under :class:`AutogradError`, and its warnings.

Each one also derives from a built-in exception, such as ValueError or ArithmeticError, so that
``except ValueError`` and ``except AutogradError`` both work. A message says what was wrong, with
the value, and what to do about it.
"""


class AutogradError(Exception):
    """Base of every error that this package raises on purpose."""


class NotANumberError(AutogradError, TypeError):
    """Something that is not a real number, where a number or a `Value` is needed."""


class ArgumentError(AutogradError, ValueError):
    """An argument of the right type whose value makes no sense, such as a learning rate of -1."""


class ShapeError(ArgumentError):
    """Lengths or shapes that do not fit each other, or an empty list where items are needed."""


class DomainError(AutogradError, ArithmeticError, ValueError):
    """An operation or its derivative, at a point where it does not exist: ``log(-1)``."""


class NonFiniteError(AutogradError, ArithmeticError):
    """A number too large for a float, a nan, or a gradient that came out infinite or nan.

    Infinite numbers may be used, such as ``-inf`` for an entry that softmax is to leave out, and a
    sum or product that is too large is infinite, as with floats. A nan is an error: for operations
    on plain numbers and under `no_grad` at once. In a graph most operations check nothing and pass
    it on: `backward`, every other derivative and ``float(x)`` find it at the latest, and
    `detect_anomaly` finds it where it arises.
    """


class DivergenceError(NonFiniteError):
    """Training whose loss or parameters stopped being finite.

    Attributes
    ----------
    step : int
        The training step that failed, or after which the validation did, counted from 1.
    last_loss : float or None
        The last finite loss, None if the first step failed.
    """

    def __init__(self, message: str, step: int, last_loss: float | None) -> None:
        super().__init__(message)
        self.step = step
        self.last_loss = last_loss


class GraphError(AutogradError, RuntimeError):
    """A graph that cannot be used as asked, such as one recorded under ``no_grad()``."""


class TraceError(AutogradError, TypeError):
    """A function that cannot be compiled, because what it does depends on the numbers it gets."""


class GradientCheckError(AutogradError, AssertionError):
    """A derivative and finite differences disagree, or an operation contradicts itself."""


class StateError(AutogradError, ValueError):
    """A saved state that does not fit the model, or a file that cannot be read as one."""


class FileError(AutogradError, OSError):
    """A file that cannot be read or written. What was there before is intact."""


class MissingPackageError(AutogradError, ImportError):
    """A package that a feature needs and that is not installed."""


class CompilationError(AutogradError, RuntimeError):
    """A program that the C compiler of this machine cannot build, or that cannot be loaded."""


class RenderingError(AutogradError, RuntimeError):
    """A picture that cannot be made: no program for it, or one that failed or took too long."""


class IndependenceWarning(UserWarning):
    """A derivative of a result that does not depend on the argument: it is 0, rarely on purpose."""


class NothingTrainedWarning(UserWarning):
    """A training run discarded before its first epoch: `nn.fit` trains as it is iterated."""
