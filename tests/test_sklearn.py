"""The private names of scikit-learn that `tsl._sklearn` uses exist in every version, and do what they are used for."""

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.fixes import parse_version
from sklearn.utils.validation import validate_data

import tsl
from tsl import _sklearn
from tsl._sklearn import StrOptions, checks_parameters, count, encoder_state, positive, share

PACKAGE = Path(tsl.__file__).parent
HAS_CALLBACKS = parse_version(sklearn.__version__) >= parse_version("1.9")


class Checked(_sklearn.CallbackSupportMixin, BaseEstimator):
    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's name)
        "units": [count()],
        "rate": [positive(), None],
        "part": [share()],
        "mode": [StrOptions({"one", "two"})],
        "inner": "no_validation",
    }

    def __init__(self, units=1, rate=None, part=0.0, mode="one", inner=None):
        self.units = units
        self.rate = rate
        self.part = part
        self.mode = mode
        self.inner = inner

    @checks_parameters
    def fit(self, X, y=None):
        """Fit."""
        if self.inner is not None:
            self.inner.fit(X, y)
        self.fitted_ = True
        return self


class Names(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        validate_data(self, X)
        return self

    def transform(self, X):
        return X


def private_names(source):
    """Names of scikit-learn's that a file imports, and that begin with an underscore somewhere."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.startswith("sklearn.") and "._" in name)


def test_private_names_of_scikit_learn_are_imported_in_one_file():
    files = {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    assert [name for name, source in files.items() if any(private_names(source))] == ["_sklearn.py"]


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("units", [1, np.int64(5)], [0, 1.5, "one"]),
        ("rate", [1e-9, 2, None], [0, -1.0, "fast"]),
        ("part", [0.0, 0.99], [1.0, -0.1]),
        ("mode", ["one", "two"], ["three", 1]),
    ],
)
def test_parameters_are_checked_before_fit(name, allowed, refused):
    for value in allowed:
        assert Checked(**{name: value}).fit([[1.0]]).fitted_
    for value in refused:
        estimator = Checked(**{name: value})
        with pytest.raises(ValueError, match=f"The '{name}' parameter of Checked must be .* Got {value!r} instead"):
            estimator.fit([[1.0]])
        assert not hasattr(estimator, "fitted_")
        with pytest.raises(ValueError, match=f"The '{name}' parameter"):
            _sklearn.check_parameters(estimator)


def test_closed_says_which_ends_are_allowed():
    for closed, ends in {"neither": [], "left": [0], "right": [1], "both": [0, 1]}.items():
        constraint = share(closed)
        assert [end for end in (0, 1) if constraint.is_satisfied_by(end)] == ends


def test_a_checked_fit_keeps_its_name_and_signature():
    assert list(inspect.signature(Checked.fit).parameters) == ["self", "X", "y"]
    assert (Checked.fit.__name__, Checked.fit.__doc__) == ("fit", "Fit.")


def test_an_inner_fit_is_not_checked_again():
    # its parameters are those of the outer one, which has checked them
    assert Checked(inner=Checked(units=0)).fit([[1.0]]).inner.fitted_


def test_feature_names():
    transformer = Names().fit(np.zeros((2, 3)))
    assert list(_sklearn.read_feature_names(transformer, None)) == ["x0", "x1", "x2"]
    assert list(_sklearn.read_feature_names(transformer, ["a", "b", "c"])) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="should have length equal"):
        _sklearn.read_feature_names(transformer, ["a"])


def test_the_container_is_what_set_output_would_set():
    class Named(Names):
        def get_feature_names_out(self, input_features=None):
            return _sklearn.read_feature_names(self, input_features)

    by_us, by_method = Named(), Named().set_output(transform="pandas")
    _sklearn.set_output_container(by_us, "pandas")
    assert vars(by_us) == vars(by_method)
    assert list(by_us.fit_transform(np.zeros((2, 2))).columns) == ["x0", "x1"]


def test_a_fit_has_a_task_where_scikit_learn_has_callbacks():
    estimator = Checked()
    assert hasattr(estimator, "set_callbacks") == HAS_CALLBACKS
    task = _sklearn.new_fit_task(estimator, 3)
    assert (task is not None) == HAS_CALLBACKS
    if HAS_CALLBACKS:
        epoch = task.subcontext(task_name="epoch")
        assert {"call_on_fit_task_begin", "call_on_fit_task_end"} <= set(dir(epoch))
    assert _sklearn.new_fit_task(OneHotEncoder(), 3) is None


@pytest.mark.parametrize("drop", [None, "first", "if_binary"])
@pytest.mark.parametrize("options", [{}, {"min_frequency": 2, "handle_unknown": "infrequent_if_exist"}])
def test_the_state_of_an_encoder_says_what_its_output_is(drop, options):
    X = np.array([["a", "u"], ["a", "v"], ["b", "u"], ["c", "v"], ["b", "u"], ["d", "v"]], dtype=object)
    encoder = OneHotEncoder(drop=drop, sparse_output=False, **options).fit(X)
    state = encoder_state(encoder)
    assert all(len(part) == 2 for part in state)
    assert sum(state.n_outputs) == encoder.transform(X).shape[1]
    for k, categories in enumerate(encoder.categories_):
        mapping = np.arange(len(categories)) if state.mappings[k] is None else state.mappings[k]
        assert mapping.max() + (state.dropped[k] is None) == state.n_outputs[k]
        assert (state.infrequent[k] is None) == (state.mappings[k] is None)
    assert [part is None for part in state.infrequent] == [not options, True]
    if options:
        assert list(state.infrequent[0]) == [2, 3]  # "c" and "d" come once
