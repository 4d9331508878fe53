"""PyTorch: state dictionaries from files, modules as networks and networks as modules, all with the same outputs."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import Activation, Dense, Dropout, FileError, InputError, Network, import_torch, load
from pellucid.activations import ACTIVATIONS
from pellucid.data import Pixels, Standardizer

torch = pytest.importorskip("torch")
nn = torch.nn

X = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)


class Named(nn.Module):
    """As tutorials write it: layers by name, activations in forward."""

    def __init__(self, bias: bool = True) -> None:
        super().__init__()
        self.fc1 = nn.Linear(5, 4, bias=bias)
        self.fc2 = nn.Linear(4, 4)
        self.out = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        return self.out(torch.tanh(self.fc2(torch.relu(self.fc1(x)))))


def named(bias: bool = True) -> Any:
    torch.manual_seed(0)
    return Named(bias)


THREE = ("relu", "tanh", "softmax")


def probabilities(module: Any) -> np.ndarray:
    with torch.no_grad():
        return torch.softmax(module(torch.from_numpy(X)), 1).numpy()


# What people give to torch.save.
SAVED: dict[str, Callable[[Any], Any]] = {
    "bare": lambda m: m.state_dict(),
    "model_state_dict": lambda m: {"model_state_dict": m.state_dict(), "epoch": 3, "loss": 0.25, "name": "mlp"},
    "state_dict": lambda m: {"state_dict": m.state_dict(), "best": True},
    "with its optimizer": lambda m: {
        "model_state_dict": m.state_dict(),
        "optimizer_state_dict": torch.optim.Adam(m.parameters()).state_dict(),
    },
    "numbers": lambda m: nn.Sequential(m.fc1, nn.ReLU(), m.fc2, nn.Tanh(), m.out).state_dict(),
    "layers": lambda m: nn.ModuleDict({"layers": nn.ModuleList([m.fc1, m.fc2, m.out])}).state_dict(),
    "of DataParallel": lambda m: {f"module.{k}": v for k, v in m.state_dict().items()},
    "a plain dictionary": lambda m: dict(m.state_dict()),
    "names in another order": lambda m: {
        f"fc{i}.{kind}": getattr(layer, kind)
        for i, layer in reversed(list(enumerate((m.fc1, m.fc2, m.out), 1)))
        for kind in ("bias", "weight")
        if getattr(layer, kind) is not None
    },
}


@pytest.mark.parametrize("saved", SAVED)
@pytest.mark.parametrize("bias", [True, False])
def test_a_state_dictionary_opens(saved: str, bias: bool, tmp_path: Path) -> None:
    module = named(bias)
    torch.save(SAVED[saved](module), tmp_path / "m.pth")
    net = import_torch(tmp_path / "m.pth", THREE)
    assert net.dtype == np.float32
    np.testing.assert_array_equal(net.params["W1"], module.fc1.weight.detach().numpy().T)
    np.testing.assert_allclose(net.forward(X), probabilities(module), atol=1e-6)
    assert load(tmp_path / "m.pth", THREE).theta.tobytes() == net.theta.tobytes()


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
def test_other_precisions(dtype: str, tmp_path: Path) -> None:
    module = named().to(getattr(torch, dtype))
    torch.save(module.state_dict(), tmp_path / "m.pth")
    net = import_torch(tmp_path / "m.pth", THREE)
    assert net.dtype == (np.float64 if dtype == "float64" else np.float32)
    np.testing.assert_array_equal(net.params["W3"].T, module.out.weight.detach().to(torch.float64).numpy())


def test_weights_in_safetensors(tmp_path: Path) -> None:
    files = pytest.importorskip("safetensors.torch")
    module = nn.Sequential(*[nn.Linear(5, 5) for _ in range(11)])  # "10.weight" comes before "2.weight" as text
    files.save_file(module.state_dict(), tmp_path / "m.safetensors")
    net = load(tmp_path / "m.safetensors", ["identity"] * 11)
    with torch.no_grad():
        np.testing.assert_allclose(net.forward(X), module(torch.from_numpy(X)).numpy(), atol=1e-6)
    with pytest.raises(FileError, match="safetensors, but not a pellucid model"):
        load(tmp_path / "m.safetensors")


def test_activations_must_be_told(tmp_path: Path) -> None:
    torch.save(named().state_dict(), tmp_path / "m.pth")
    with pytest.raises(InputError, match="3 layers, and does not say their activations"):
        import_torch(tmp_path / "m.pth")
    with pytest.raises(FileError, match=r'activations=\("relu", "softmax"\)'):
        load(tmp_path / "m.pth")


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a whole module": (lambda: nn.Sequential(nn.Linear(2, 2)), "torch.nn.modules.container.Sequential.*from_torch"),
    "a module of one's own": (named, "Named.*Nothing was run"),
    "a convolution": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3)).state_dict(), "looks like a convolution; only Linear"),
    "a normalization": (lambda: nn.Sequential(nn.BatchNorm1d(3)).state_dict(), "looks like a normalization"),
    "a loose tensor": (lambda: {"w": torch.ones(2)}, "'w' belongs to no Linear layer"),
    "a bias without weights": (lambda: {"fc.bias": torch.ones(2)}, "'fc.bias' belongs to no Linear layer"),
    "a bias too long": (lambda: {"fc.weight": torch.ones(2, 3), "fc.bias": torch.ones(3)}, "units, inputs"),
    "layers that do not follow": (
        lambda: {"a.weight": torch.ones(2, 3), "b.weight": torch.ones(2, 3), "c.weight": torch.ones(1, 7)},
        "do not follow each other",
    ),
    "one tensor": (lambda: torch.ones(3), "holds a Tensor"),
    "a number": (lambda: 3, "holds a int"),
    "an empty dictionary": (dict, "holds a dict"),
    "texts for tensors": (lambda: {"fc.weight": "ones"}, "is no tensor"),
    "NaN": (lambda: {"fc.weight": torch.full((1, 2), torch.nan)}, "holds NaN"),
    "whole numbers": (lambda: {"fc.weight": torch.ones(1, 2, dtype=torch.complex64)}, "cannot be read as|ComplexFloat"),
    "a number shown a million times": (
        lambda: {"fc.weight": torch.ones(1).expand(1000, 1000)},
        "more numbers than the file has bytes",
    ),
    "a sparse tensor": (lambda: {"fc.weight": torch.eye(3).to_sparse()}, "sparse"),
    "a numpy array": (lambda: {"fc.weight": np.ones((2, 2))}, "numpy.*only tensors are read"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_perceptron_is_refused(case: str, tmp_path: Path) -> None:
    make, says = REFUSED[case]
    torch.save(make(), tmp_path / "m.pth")
    with pytest.raises(FileError, match=f"(?s){says}") as caught:
        import_torch(tmp_path / "m.pth", THREE)
    assert str(caught.value).startswith(str(tmp_path / "m.pth"))


def archive(parts: dict[str, bytes], packing: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as zipped:
        for name, data in parts.items():
            zipped.writestr(name, data)
    return file.getvalue()


def good() -> dict[str, bytes]:
    file = io.BytesIO()
    torch.save({"fc.weight": torch.ones(2, 3)}, file)
    with zipfile.ZipFile(file) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def with_pickle(raw: bytes) -> bytes:
    return archive({name: raw if name.endswith("data.pkl") else data for name, data in good().items()})


def longer_end(listed: int) -> bytes:
    """The end of an archive of more than 4 GiB, or of one that says so."""
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, listed, 0)
    return record + b"PK\x06\x07" + struct.pack("<IQI", 0, 0, 1) + b"PK\x05\x06" + struct.pack("<HHHHIIH", *[0] * 7)


class Runs:
    def __reduce__(self) -> Any:
        return exec, ("open('pwned', 'w')",)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb": (lambda: archive({"m/data.pkl": b".", "m/data/0": bytes(2**26)}, zipfile.ZIP_DEFLATED), "compressed"),
    "no archive": (lambda: b"PK\x03\x04" + bytes(100), "not a file that torch.save wrote"),
    "an archive of something else": (lambda: archive({"a.txt": b"text"}), "no data.pkl"),
    "two pickles": (lambda: archive({"a/data.pkl": b"N.", "b/data.pkl": b"N."}), "no data.pkl"),
    "a pickle that runs": (lambda: with_pickle(pickle.dumps(Runs(), 2)), "it names .*exec"),
    "a pickle that runs, by the newer instruction": (lambda: with_pickle(pickle.dumps(Runs(), 4)), "STACK_GLOBAL"),
    "bytes without end": (lambda: with_pickle(b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R."), "bytearray"),
    "a far place in the memory": (lambda: with_pickle(b"\x80\x02Nr\xff\xff\xff\xff."), "none that torch.save writes"),
    "escapes that Python warns of": (lambda: with_pickle(b"cos\\ \nsystem\\ \n."), "it names os"),
    "a damaged pickle": (lambda: with_pickle(b"\x80\x02}"), "its pickle is damaged"),
    "a storage that is larger than its file": (
        lambda: with_pickle(
            next(v for k, v in good().items() if "data.pkl" in k).replace(b"K\x06tq", b"J\0\0\0\x7ftq")
        ),
        "PyTorch does not read it|damaged",
    ),
    "a list of parts without end": (
        lambda: archive({"m/data.pkl": b"N."})[:-10] + struct.pack("<IIH", 2**31, 0, 0),
        "list of its parts claims 2,147,483,648 bytes",
    ),
    "a longer list of parts without end": (
        lambda: archive({"m/data.pkl": b"N."})[:-22] + longer_end(2**40),
        "list of its parts claims 1,099,511,627,776 bytes",
    ),
    "numbers that all fall on one place": (
        lambda: with_pickle(
            b"\x80\x02}("
            + b"".join(b"\x8a\x0b" + (i * (2**61 - 1)).to_bytes(11, "little") + b"N" for i in range(999))
            + b"u."
        ),
        "more parts",
    ),
    "a pickle as before 1.6": (
        lambda: b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
        "before 1.6|torch",
    ),
    "an encrypted archive": (
        lambda: archive({"m/data.pkl": b"N."}).replace(
            b"\x00\x00\x00\x00\x00\x00!\x00", b"\x01\x00\x00\x00\x00\x00!\x00"
        ),
        "damaged|torch.save|PyTorch|state dictionary",
    ),
    "nothing": (lambda: b"", "empty"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archives_are_refused(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make, says = HOSTILE[case]
    (tmp_path / "m.pth").write_bytes(make())
    with pytest.raises(FileError, match=f"(?s){says}"):
        import_torch(tmp_path / "m.pth", ("relu",))
    assert not (tmp_path / "pwned").exists()


def test_cut_off_anywhere_it_is_refused(tmp_path: Path) -> None:
    torch.save({"fc.weight": torch.ones(2, 3)}, tmp_path / "m.pth")
    raw = (tmp_path / "m.pth").read_bytes()
    for length in range(len(raw)):
        (tmp_path / "m.pth").write_bytes(raw[:length])
        with pytest.raises(FileError):
            import_torch(tmp_path / "m.pth", ("relu",))


class TestModules:
    @pytest.mark.parametrize("name", ACTIVATIONS)
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("scaler", [None, Pixels(), Standardizer().fit(X * 7 + 3)])
    def test_to_torch_and_back(self, name: str, dtype: str, scaler: Any) -> None:
        hidden = "tanh" if ACTIVATIONS[name].output_only else name
        layers = [Dense(4, hidden), Dropout(0.3), Dense(4, hidden), Dense(2, name)]
        net = Network(layers, inputs=5, seed=1, dtype=dtype, scaler=scaler)
        net.params["b2"][...] = [0.5, -1, 2, 0]
        rows = np.abs(X * 50).clip(0, 255) if isinstance(scaler, Pixels) else X
        module = net.to_torch()
        with torch.no_grad():
            given = module(torch.from_numpy(rows.astype(dtype))).numpy()
        assert given.dtype == np.dtype(dtype)
        scale = max(1, np.abs(given).max())
        np.testing.assert_allclose(given / scale, net.forward(rows) / scale, atol=1e-12 if dtype == "float64" else 3e-6)
        back = Network.from_torch(module)
        assert [str(layer) for layer in back.layers] == [str(layer) for layer in net.layers]
        if scaler is None:
            assert back.theta.tobytes() == net.theta.tobytes()

    def test_a_module_is_in_evaluation_mode_and_the_networks_own_stays(self) -> None:
        net = Network([Dense(3, "tanh"), Dropout(0.5), Dense(1)], inputs=2)
        module = net.to_torch()
        assert not module.training
        with torch.no_grad():
            module[0].weight.zero_()
        assert net.params["W1"].all()

    def test_own_formulas_and_unfitted_scalers_are_refused(self) -> None:
        own = Activation("own", np.sin, np.cos)
        with pytest.raises(InputError, match="'own' is your own"):
            Network([Dense(3, own), Dense(1)], inputs=2).to_torch()
        with pytest.raises(InputError, match="fit the network first"):
            Network([Dense(1)], inputs=2, scaler=Standardizer()).to_torch()

    def test_a_module_with_its_own_forward(self) -> None:
        module = named()
        net = Network.from_torch(module, THREE)
        np.testing.assert_allclose(net.forward(X), probabilities(module), atol=1e-6)
        assert module.training  # as it was
        with pytest.raises(InputError, match="does not say their activations"):
            Network.from_torch(module)
        with pytest.raises(InputError, match="does something that its layers do not show"):
            Network.from_torch(module, ("relu", "relu", "softmax"))

    def test_a_sequential_says_its_activations(self) -> None:
        module = nn.Sequential(
            nn.Flatten(),
            nn.Linear(5, 4),
            nn.LeakyReLU(),
            nn.Dropout(0.25),
            nn.Sequential(nn.Linear(4, 4), nn.GELU("tanh")),
            nn.Identity(),
            nn.Linear(4, 4, bias=False),
            nn.Linear(4, 3),
        )
        net = Network.from_torch(module, output="softmax")
        expected = "5 -> Dense 4 leaky_relu -> Dropout 0.25 -> Dense 4 gelu -> Dense 4 identity -> Dense 3 softmax"
        assert expected in repr(net)
        module.eval()
        np.testing.assert_allclose(net.forward(X), probabilities(module), atol=1e-6)
        logits = Network.from_torch(nn.Sequential(*module, nn.LogSoftmax(dim=1)))
        assert logits.output.activation.name == "softmax"

    @pytest.mark.parametrize(
        ("module", "says"),
        [
            (nn.Sequential(nn.Linear(2, 2), nn.GELU()), "GELU"),
            (nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(0.2)), "LeakyReLU"),
            (nn.Sequential(nn.Linear(2, 2), nn.ELU(0.5), nn.Linear(2, 1)), "ELU"),
            (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), "BatchNorm1d"),
            (nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.ReLU()), "ReLU"),
            (nn.Sequential(nn.ReLU(), nn.Linear(2, 2)), "ReLU"),
            (nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 2)), "theta|follow|asked"),
            (nn.Sequential(nn.ReLU()), "ReLU|no Linear"),
            (nn.Sequential(nn.Linear(2, 1), nn.Softmax(1)), "softmax over one unit"),
            (nn.Conv2d(1, 2, 3), "weight"),
        ],
    )
    def test_what_is_no_perceptron_is_refused(self, module: Any, says: str) -> None:
        with pytest.raises(InputError, match=says):
            Network.from_torch(module, None if isinstance(module, nn.Sequential) else ("relu",))

    def test_a_state_dictionary_is_to_be_saved_first(self) -> None:
        with pytest.raises(InputError, match=r"model\.state_dict\(\).*torch\.save.*load"):
            Network.from_torch(nn.Linear(2, 1).state_dict())

    def test_something_else_than_a_module(self) -> None:
        with pytest.raises(InputError, match=r"takes a torch\.nn\.Module; this is a dictionary"):
            Network.from_torch({})
