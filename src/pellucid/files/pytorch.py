"""PyTorch: state dictionaries in files, modules as objects, and networks of this library as modules.

A file that `torch.save` wrote is a zip archive with a pickle in it. Its parts are looked at first (nothing compressed,
no name but those of tensors), and `torch.load(weights_only=True)` then builds tensors and nothing else.
"""

from __future__ import annotations

import os
import pickletools
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from pellucid.errors import FileError, InputError, need
from pellucid.files import opening
from pellucid.files.model_safetensors import fill, read_header
from pellucid.files.parameters import Activations, Layer, built, fits, numbers
from pellucid.files.pickles import CONTAINERS, LARGE, MACHINE, MOST_LARGE, MOST_STEPS, PUTS, VALUES, WHOLE
from pellucid.files.torch_modules import of_sequential, refuse_other_outputs
from pellucid.network import Network

LARGEST = 2**31
LONGEST_LIST, LONGEST_END = 2**22, 2**16 + 22  # bytes of a zip archive's directory, and of its end with a comment
HOLDERS = ("model_state_dict", "state_dict", "model_state", "model", "net", "network")
TENSOR_NAMES = re.compile(
    r"collections OrderedDict|torch\._utils _rebuild_(tensor_v2|parameter|parameter_with_state)|torch Size|torch device"
    r"|torch (Float|Double|Half|BFloat16|Long|Int|Short|Char|Byte|Bool)Storage|torch\.storage (Untyped|Typed)Storage"
)
INSTRUCTIONS = (CONTAINERS | VALUES | MACHINE | {"BINPERSID", "EMPTY_SET", "ADDITEMS"}) - {"STACK_GLOBAL"}
UNLIKE_LINEAR = {1: "a normalization such as BatchNorm", 3: "a convolution"}  # by the dimensions of a weight
KINDS: dict[str, np.dtype[Any]] = {"F64": np.dtype("<f8"), "F32": np.dtype("<f4")}


def import_torch(path: str | os.PathLike[str], activations: Activations = None) -> Network:
    """Read the state dictionary of a PyTorch network of Linear layers, as torch.save or safetensors wrote it.

    The layers may have any names (fc1.weight, 0.weight, layers.0.weight), be bare or under "model_state_dict" or
    "state_dict" of a checkpoint, and have no bias. PyTorch keeps weights as (units, inputs); here they are turned.

    Args:
        path: of the file (.pth, .pt, .bin, .safetensors).
        activations: of each layer, such as ("relu", "softmax"). The file does not say them; where PyTorch's loss takes
            logits, the last one belongs to the loss: CrossEntropyLoss is "softmax", BCEWithLogitsLoss "sigmoid".

    Raises:
        FileError: not such a file, or it holds something else than Linear layers that follow each other.
        InputError: activations are missing, unknown or not as many as there are layers.
        MissingExtra: torch is not installed (or safetensors, for such a file).

    Example:
        >>> activations = ("relu", "softmax")
        >>> import_torch("model.pth", activations)  # doctest: +SKIP
        Network(784 -> Dense 128 relu -> Dense 10 softmax, loss cross_entropy, 101770 parameters, float32)
    """
    path = Path(path)
    start, size = opening.beginning(path, 9)
    if start[:2] != b"PK" and start[8:] == b"{":
        return built(path, linear_layers(path, _safetensors_tensors(path, size)), activations)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes in a text, or old ways to store: they are the file's
        _look_through(path, size)
        found = _loaded(path)
    return built(path, linear_layers(path, _tensors(path, found, size)), activations)


def _loaded(path: Path) -> Any:
    """What PyTorch makes of a file, of which it builds tensors and plain containers."""
    torch = need("torch", "peers")
    try:
        with opening.opened(path) as (file, _):  # not by its name, from whose ending torch would draw conclusions
            return torch.load(file, map_location="cpu", weights_only=True)
    except FileError:
        raise
    except Exception as error:  # torch raises many kinds, and says in none of them that it does not
        raise FileError(f"{path}: PyTorch does not read it ({_first_line(error)}).") from error


def linear_layers(where: object, tensors: Mapping[str, Any]) -> list[Layer]:
    """The Linear layers of a state dictionary, in the order in which they follow each other, W as (inputs, units).

    Raises:
        FileError: a tensor that is no weight or bias of a Linear layer, or layers that do not follow each other.
    """
    layers = []
    for key, value in tensors.items():
        stem, _, last = key.rpartition(".")
        partner = f"{stem}.weight" if stem else "weight"
        if last not in ("weight", "bias") or (last == "bias" and partner not in tensors):
            raise FileError(f"{where}: {key!r:.80} belongs to no Linear layer, and only those are read.")
        if last == "weight" and (looks := UNLIKE_LINEAR.get(min(np.ndim(value), 3))):
            raise FileError(
                f"{where}: {key!r:.80} has shape {np.shape(value)}, which looks like {looks}; only Linear layers are "
                "read, whose weights have two dimensions."
            )
        if last == "weight":
            W = numbers(where, key, value, 2)
            b = tensors.get(f"{stem}.bias" if stem else "bias")
            if W.ndim != 2 or (b is not None and np.shape(b) != (len(W),)):
                raise FileError(f"{where}: {key!r:.80} has shape {W.shape}; of a Linear layer it is (units, inputs).")
            b = np.zeros(len(W), W.dtype) if b is None else numbers(where, f"{stem}.bias", b, 1)
            layers.append(Layer(key, W.T, b))
    if not layers:
        raise FileError(f"{where}: there is no weight of a Linear layer in it.")
    in_order = sorted(layers, key=lambda layer: [int(n) for n in re.findall(r"\d+", layer.name)])
    return layers if fits(layers) or not fits(in_order) else in_order


def _look_through(path: Path, size: int) -> None:
    """Refuse an archive that would unpack to more than it is, and a pickle that names more than tensors."""
    if size > LARGEST:
        raise FileError(f"{path}: it has {size:,} bytes, and the most that is read of this kind is {LARGEST:,}.")
    try:
        with opening.opened(path) as (file, _):
            _refuse_many_parts(path, file, size)
        with opening.opened(path) as (file, _), zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            packed = [entry.filename for entry in entries if entry.compress_type != zipfile.ZIP_STORED]
            if packed or sum(entry.file_size for entry in entries) > size:
                raise FileError(f"{path}: its parts are compressed ({packed[:1]}), and torch.save compresses nothing.")
            pickles = [entry for entry in entries if entry.filename.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise FileError(f"{path}: a zip archive, but not one that torch.save wrote: it has no data.pkl.")
            _look_through_pickle(path, archive.read(pickles[0]))
    except zipfile.BadZipFile as error:
        raise FileError(
            f"{path}: not a file that torch.save wrote ({error}). One of a release before 1.6 must be loaded and saved "
            "again there."
        ) from error
    except (NotImplementedError, RuntimeError, EOFError, UnicodeError, OverflowError, LookupError) as error:
        raise FileError(f"{path}: a damaged archive ({error}).") from error


def _refuse_many_parts(path: Path, file: IO[bytes], size: int) -> None:
    """The list of an archive's parts is read whole by whoever opens it, so its length is looked at first."""
    start = max(0, size - LONGEST_END)
    file.seek(start)
    end = file.read(LONGEST_END)
    at = end.rfind(b"PK\x05\x06")
    listed = [int.from_bytes(end[at + 12 : at + 16], "little")] if at >= 0 else []
    if (
        at >= 20 and end[at - 20 : at - 16] == b"PK\x06\x07"
    ):  # a longer record of the same stands before it, or elsewhere
        for place in (start + at - 76, int.from_bytes(end[at - 12 : at - 4], "little")):
            file.seek(min(max(place, 0), size))
            record = file.read(56)
            listed += [int.from_bytes(record[40:48], "little")] if record[:4] == b"PK\x06\x06" else []
    if any(length > LONGEST_LIST for length in listed):
        raise FileError(f"{path}: the list of its parts claims {max(listed):,} bytes; torch.save writes shorter ones.")


def _look_through_pickle(path: Path, raw: bytes) -> None:
    large = 0
    try:
        for steps, (opcode, argument, at) in enumerate(pickletools.genops(raw)):
            large += opcode.name in WHOLE and abs(int(argument or 0)) > LARGE
            if opcode.name == "GLOBAL" and not TENSOR_NAMES.fullmatch(str(argument)):
                raise FileError(
                    f"{path}: it names {str(argument).replace(' ', '.')}, and only tensors are read: any other name "
                    "could run a program. Nothing was run. Save the state dictionary alone, "
                    "torch.save(model.state_dict(), path), or build the network from the module itself: "
                    "Network.from_torch(model)."
                )
            if opcode.name not in INSTRUCTIONS or (opcode.name in PUTS and int(argument or 0) > MOST_STEPS):
                raise FileError(f"{path}: its instruction {opcode.name} at byte {at} is none that torch.save writes.")
            if steps > MOST_STEPS or large > MOST_LARGE:
                raise FileError(f"{path}: more parts than a state dictionary has.")
    except (ValueError, IndexError, OverflowError, UnicodeError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: its pickle is damaged ({error}).") from error


def _tensors(path: Path, found: Any, size: int) -> dict[str, Any]:
    """The arrays of what torch has read, which may be a checkpoint around them."""
    for holder in HOLDERS:
        if isinstance(found, Mapping) and isinstance(found.get(holder), Mapping):
            found = found[holder]
    if not isinstance(found, Mapping) or not found or not all(isinstance(key, str) for key in found):
        raise FileError(f"{path}: it holds a {type(found).__name__}, and no state dictionary under a known name.")
    strange = next((key for key, value in found.items() if not hasattr(value, "numel")), None)
    if strange is not None:
        raise FileError(f"{path}: {strange!r:.80} is no tensor, so this is no state dictionary.")
    if sum(tensor.numel() for tensor in found.values()) > size:  # a view may show one number a million times
        raise FileError(f"{path}: its tensors have more numbers than the file has bytes.")
    return {key: _array(path, key, tensor) for key, tensor in found.items()}


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]


def _array(path: Path, key: str, tensor: Any) -> Any:
    try:
        tensor = tensor.detach().cpu()
        wide = str(tensor.dtype) in ("torch.float64", "torch.float32")
        return (tensor if wide else tensor.float()).numpy()
    except (RuntimeError, TypeError, ValueError) as error:
        raise FileError(f"{path}: {key!r:.80} cannot be read as numbers ({_first_line(error)}).") from error


def _safetensors_tensors(path: Path, size: int) -> dict[str, Any]:
    """The arrays of a safetensors file that another library wrote, in the order of their names."""
    header, arrays = read_header(path), dict[str, Any]()
    if header.metadata.get("format") == "pellucid":
        raise FileError(f"{path}: a model of pellucid, which says its activations itself: open it by load(path).")
    with opening.opened(path) as (file, _):
        for name in sorted(header.tensors, key=lambda name: [int(n) for n in re.findall(r"\d{1,9}", name)]):
            kind, shape, begin, end = header.tensors[name]
            if kind not in KINDS:
                raise FileError(f"{path}: tensor {name!r:.80} is {kind}, and F32 or F64 are read.")
            flat = np.empty((end - begin) // KINDS[kind].itemsize, KINDS[kind].newbyteorder("="))
            fill(path, file, header, name, flat)
            arrays[name] = flat.reshape(shape)
    return arrays


def from_torch(module: Any, activations: Activations = None, output: str | None = None) -> Network:
    """A network that computes what a PyTorch module does; see `Network.from_torch`."""
    torch = need("torch", "peers")
    if isinstance(module, Mapping):
        raise InputError(
            "from_torch takes a torch.nn.Module; this is a dictionary, such as model.state_dict(). Save it, "
            'torch.save(state, "w.pth"), and use load("w.pth", activations=("relu", "softmax")).'
        )
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"from_torch takes a torch.nn.Module; this is {type(module).__name__}.")
    what = f"The module {type(module).__name__}"
    try:
        state = {key: value.detach().cpu().numpy() for key, value in module.state_dict().items()}
        if activations is None and isinstance(module, torch.nn.Sequential):
            net = of_sequential(module, output)
        else:
            net = built(what, linear_layers(what, state), activations)
    except FileError as error:
        raise InputError(str(error)) from error
    refuse_other_outputs(module, net)
    return net
