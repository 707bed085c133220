"""`configure` and `SimulatorConfig`: what they take, what they refuse; a key stays secret."""

import copy
import logging
import pickle
from pathlib import Path
from typing import Any

import pytest

import q_store
from q_store import QStoreError, SimulatorConfig, configure
from q_store.qir.cache_dir import cache_root
from q_store.runtime import config
from q_store.runtime.backend import place, resolve_backend
from q_store.runtime.backends.placement import Placement
from q_store.runtime.config import settings

KEY = "key-0123456789"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("IONQ_API_KEY", raising=False)
    config.reset()
    yield
    config.reset()


def code_of(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(QStoreError) as caught:
        call(*args, **kwargs)
    return caught.value.code


# --- configure -------------------------------------------------------------------------------


def test_the_specification_runs_as_printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    exec(
        """
from q_store import configure

# Global configuration
configure(
    ionq_api_key='your_key',
    default_backend='auto',  # Smart selection
    cache_dir='~/.qstore/cache'
)
"""
    )
    assert settings().ionq_api_key.reveal() == "your_key"
    assert cache_root() == tmp_path / ".qstore" / "cache"
    assert not cache_root().exists()


def test_what_is_not_given_stays(tmp_path: Path) -> None:
    configure(ionq_api_key=KEY)
    configure(cache_dir=tmp_path)
    found = configure(default_backend="batched")
    assert found is settings()
    assert found.ionq_api_key.reveal() == KEY
    assert (found.cache_dir, found.default_backend) == (tmp_path, "batched")


def test_the_variables_hold_until_something_is_configured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("IONQ_API_KEY", "from-the-environment")
    monkeypatch.setenv("QSTORE_CACHE_DIR", str(tmp_path / "a"))
    assert settings().ionq_api_key.reveal() == "from-the-environment"
    assert cache_root() == tmp_path / "a"
    configure(ionq_api_key=KEY, cache_dir=tmp_path / "b")
    assert settings().ionq_api_key.reveal() == KEY
    assert cache_root() == tmp_path / "b"


@pytest.mark.parametrize(
    "given",
    [
        {"ionq_api_key": ""},
        {"ionq_api_key": "  "},
        {"ionq_api_key": 7},
        {"ionq_api_key": "two words"},
        {"ionq_api_key": "line\nbreak"},
        {"cache_dir": ""},
        {"cache_dir": 3},
        {"cache_bytes": -1},
        {"cache_bytes": True},
        {"cache_bytes": "1"},
    ],
    ids=str,
)
def test_unusable_settings_change_nothing(given: dict[str, Any], tmp_path: Path) -> None:
    configure(ionq_api_key=KEY)
    before = settings()
    assert code_of(configure, **{"cache_dir": tmp_path, **given}) == "QS624"
    assert settings() is before


def test_other_refusals(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert code_of(configure, cache_dir=tmp_path / "file") == "QS624"
    assert code_of(configure, default_backend="qsmi") == "QS603"
    assert code_of(configure, default_backend=3) == "QS620"


def test_a_key_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        found = configure(ionq_api_key=KEY)
        with pytest.raises(QStoreError) as caught:
            configure(ionq_api_key=f"{KEY} {KEY}")
    shown = [repr(found), str(found), f"{found.ionq_api_key}", f"{found.ionq_api_key!r}"]
    shown += [str(caught.value), repr(caught.value.diagnostics), caplog.text, f"{vars(config)}"]
    assert all(KEY not in text for text in shown)
    for copied in (pickle.dumps(found), pickle.dumps(found.ionq_api_key)):
        assert KEY.encode() not in copied
    assert not pickle.loads(pickle.dumps(found)).ionq_api_key
    assert not copy.deepcopy(found.ionq_api_key)


# --- SimulatorConfig -------------------------------------------------------------------------


def test_section_8_runs_as_printed() -> None:
    scope: dict[str, Any] = {}
    exec(
        """
from q_store import SimulatorConfig

# qsim (Google's fast simulator)
config = SimulatorConfig(
    backend='qsim',
    device='GPU',
    precision='single'  # Faster, 32-bit precision
)
first = config

# PennyLane Lightning (highly optimized)
config = SimulatorConfig(
    backend='lightning.gpu',
    device='cuda:0',
    batch_size=256  # Process 256 circuits in parallel
)
second = config

# Automatic selection based on circuit size
config = SimulatorConfig(
    backend='auto',
    prefer_gpu=True,
    # Use GPU for >12 qubits, CPU otherwise
    gpu_threshold=12
)
""",
        scope,
    )
    assert (scope["first"].dtype, scope["first"].place) == ("float32", "gpu")
    assert (scope["second"].place, scope["second"].batch_size) == ("cuda:0", 256)
    assert scope["config"].threshold == 12


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"backend": "qsmi"}, "QS603"),
        ({"backend": 3}, "QS620"),
        ({"device": "TPU"}, "QS620"),
        ({"device": "cuda:x"}, "QS620"),
        ({"device": 0}, "QS620"),
        ({"precision": "half"}, "QS620"),
        ({"batch_size": 0}, "QS620"),
        ({"batch_size": True}, "QS620"),
        ({"threads": -1}, "QS620"),
        ({"prefer_gpu": 1}, "QS620"),
        ({"gpu_threshold": 12}, "QS621"),
        ({"backend": "qsim", "prefer_gpu": True}, "QS621"),
        ({"backend": "qsim", "fusion": 7}, "QS620"),
        ({"backend": "batched", "fusion": 3}, "QS621"),
        ({"fusion": 3}, "QS621"),
        ({"backend": "qsim", "method": "stabilizer"}, "QS621"),
        ({"backend": "aer", "method": "stabiliser"}, "QS620"),
        ({"backend": "aer", "noise_model": 3}, "QS620"),
        ({"backend": "aer", "noise_model": "{"}, "QS620"),
        ({"backend": "qsim", "precision": "double"}, "QS622"),
        ({"backend": "lightning.qubit", "threads": 2}, "QS621"),
        ({"backend": "batched", "processes": 2}, "QS621"),
        ({"backend": "qsim", "processes": 0}, "QS620"),
    ],
    ids=str,
)
def test_what_is_refused(given: dict[str, Any], code: str) -> None:
    assert code_of(SimulatorConfig, **given) == code


def test_messages_name_who_can() -> None:
    with pytest.raises(QStoreError, match=r"batched, lightning\.qubit"):
        SimulatorConfig("qsim", precision="double")
    with pytest.raises(QStoreError, match="backends that have it: qsim"):
        SimulatorConfig("aer", fusion=3)
    with pytest.raises(QStoreError, match="did you mean `stabilizer`"):
        SimulatorConfig("aer", method="stabiliser")


@pytest.mark.parametrize(
    "config",
    [
        SimulatorConfig(),
        SimulatorConfig("qsim", device="CPU", precision="single", fusion=4, threads=2),
        SimulatorConfig("aer", method="density_matrix", noise_model='{"errors": []}'),
        SimulatorConfig(prefer_gpu=True, gpu_threshold=3),
    ],
    ids=str,
)
def test_copies_and_dictionaries(config: SimulatorConfig) -> None:
    assert SimulatorConfig.of(config.to_dict()) == config
    assert pickle.loads(pickle.dumps(config)) == config
    assert hash(config) == hash(SimulatorConfig.of(config.to_dict()))
    assert code_of(SimulatorConfig.of, {"backends": "qsim"}) == "QS620"


# --- where it runs ---------------------------------------------------------------------------


def test_placements_carry_the_settings() -> None:
    found = place(SimulatorConfig("qsim", precision="single", fusion=3, threads=1, batch_size=7))
    assert found == Placement("qsim", "cpu", "float32", batch_size=7, threads=1, fusion=3)
    assert Placement.parse(found.text) == found
    assert Placement.parse("batched") == Placement("batched")
    assert str(Placement("batched")) == "batched"


def test_none_is_the_default_of_configure() -> None:
    assert place(None).name == "batched"
    configure(default_backend=SimulatorConfig("lightning.qubit", batch_size=3))
    assert place(None) == Placement("lightning.qubit", batch_size=3)
    assert place("batched").name == "batched"


def test_a_gpu_that_is_not_there() -> None:
    wanted = SimulatorConfig("qsim", device="GPU")
    with pytest.warns(RuntimeWarning, match="device 'gpu' is not available: .*GPU") as caught:
        assert place(wanted).device == "cpu"
    assert len(caught) == 1
    assert code_of(place, wanted, strict=True) == "QS623"
    assert code_of(place, SimulatorConfig("lightning.qubit", device="cuda:0"), strict=True)
    with pytest.warns(RuntimeWarning, match="no backend here has a GPU"):
        assert place(SimulatorConfig(device="GPU")).name == "batched"


def test_a_preferred_gpu_that_is_not_there_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    config = SimulatorConfig(prefer_gpu=True, gpu_threshold=2)
    with caplog.at_level(logging.INFO, "q_store"):
        assert place(config, n_qubits=3).name == "batched"
    assert "no backend here has a GPU" in caplog.text


def test_a_missing_backend() -> None:
    with pytest.warns(RuntimeWarning, match="'lightning.gpu' is not available: the module") as told:
        assert resolve_backend("lightning.gpu") == "batched"
    assert len(told) == 1
    assert told[0].filename == __file__
    assert code_of(resolve_backend, "lightning.gpu", strict=True) == "QS604"
    assert code_of(place, SimulatorConfig("lightning.gpu", device="CPU"), strict=True) == "QS604"


def test_public_names() -> None:
    assert q_store.SimulatorConfig is SimulatorConfig
    assert q_store.configure is configure
