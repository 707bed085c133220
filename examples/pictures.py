"""Real pictures for the demo: Fashion-MNIST by download, else scikit-learn's digits."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pooch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

# The four files of github.com/zalandoresearch/fashion-mnist (MIT licence) at their usual mirror.
_MIRROR = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_FILES = {
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}
_CLOTHES = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


@dataclass(frozen=True)
class Pictures:
    """Grey pictures as rows of pixels in [0, 1], float32, with integer labels."""

    source: str
    classes: tuple[str, ...]
    train_x: NDArray[Any]
    train_y: NDArray[Any]
    test_x: NDArray[Any]
    test_y: NDArray[Any]


def load_pictures(folder: Path, train: int, test: int) -> Pictures:
    """Fashion-MNIST, at most `train` and `test` pictures of it; digits when it is out of reach."""
    try:
        files = [_fetch(name, checksum, folder) for name, checksum in _FILES.items()]
    except (OSError, ValueError) as problem:
        return _digits(f"no Fashion-MNIST here ({type(problem).__name__})")
    train_x, train_y, test_x, test_y = (_read_idx(path) for path in files)
    return Pictures(
        "Fashion-MNIST",
        _CLOTHES,
        _pixels(train_x[:train], 255),
        train_y[:train].astype(np.int64),
        _pixels(test_x[:test], 255),
        test_y[:test].astype(np.int64),
    )


def _fetch(name: str, checksum: str, folder: Path) -> Path:
    downloader = pooch.HTTPDownloader(timeout=5)
    return Path(pooch.retrieve(_MIRROR + name, checksum, name, folder, downloader=downloader))


def _read_idx(path: Path) -> NDArray[np.uint8]:
    """The IDX format: two zero bytes, a type, the number of axes, their lengths, the bytes."""
    content = gzip.decompress(path.read_bytes())
    axes = content[3]
    shape = np.frombuffer(content, ">u4", count=axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _digits(reason: str) -> Pictures:
    digits = load_digits()
    train_x, test_x, train_y, test_y = train_test_split(
        _pixels(digits.images, 16), digits.target, test_size=0.25, random_state=0
    )
    return Pictures(
        f"scikit-learn's handwritten digits, 8x8 ({reason})",
        tuple(str(name) for name in digits.target_names),
        train_x,
        train_y.astype(np.int64),
        test_x,
        test_y.astype(np.int64),
    )


def _pixels(images: NDArray[Any], white: int) -> NDArray[Any]:
    return (images.reshape(len(images), -1) / white).astype(np.float32)
