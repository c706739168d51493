"""The colors of the bars that `eva ask` draws in the terminal."""

import numpy as np
from numpy.typing import NDArray

COLOR_MAP: NDArray[np.uint8] = np.frombuffer(
    bytes.fromhex(
        "4c258c4d258c4f258c50268c51268b53268b54278b56278b57278b58278b5a288b5b288a5d288a5e288a5f298a61298a"
        "62298a642989652989662989682a89692a896b2a896c2a886d2a886f2a88702a88722a88732a88742a87762a87772a87"
        "792a877a2a877c2a877d2a867e2a86802a86812a86832a86842a85862a85872a858829858a29858b29848d29848e2984"
        "9028849128849228839428839527839727839827829a26829b26829d26829e25829f2581a12481a22481a42381a52380"
        "a72280a82280aa2180ab207fad207fae1f7fb01e7fb11d7eb31c7eb41c7eb51b7eb71a7db8187dba177dbb167cbc197c"
        "bd1b7cbd1d7bbe1f7bbf217ac0237ac02479c12679c22878c22978c32b77c42c77c42d76c52f76c63075c73275c73374"
        "c83473c93573c93772ca3872cb3971cb3a71cc3b70cd3d6fce3e6fce3f6ecf406ed0416dd0426cd1436cd2446bd3456a"
        "d3466ad44769d54868d54968d64a67d74b66d84c66d84d65d94e64da4f63da5063db5162dc5261dd5360dd545fde555f"
        "df565ee0575de0585ce1595be25a5ae25b59e35b58e45c58e55d57e55e56e65f55e76054e86153e86251e96350ea634f"
        "ea644eeb654dec664ced674bed6849ee6948ef6947f06a46f06b44f16c43f26d41f36e40f36f3ef46f3df5703bf67139"
        "f67238f77336f87434f87432f97530f97730fa7831fa7a32fa7b33fa7c33fa7e34fb7f35fb8136fb8237fb8338fb8538"
        "fb8639fb883afc893bfc8a3cfc8c3cfc8d3dfc8e3efc903ffc913ffd9240fd9441fd9542fd9643fd9843fd9944fd9a45"
        "fd9c46fd9d46fd9e47fea048fea149fea24afea44afea54bfea64cfea74dfea94dfeaa4efeab4ffead50feae50feaf51"
        "feb052feb253feb353feb454feb655feb756feb856feb957febb58febc59febd59febe5afec05bfec15cfec25cfec35d"
        "fec55efec65ffec75ffec860feca61fecb62fecc62fecd63fecf64fed065fdd165fdd266fdd467fdd568fdd668fdd769"
        "fdd96afdda6bfddb6bfddc6cfcde6dfcdf6efce06efce16ffce370fce471fbe571fbe672fbe873fbe974fbea74fbeb75"
    ),
    np.uint8,
).reshape(256, 3)
"""Colors of the values 0 to 1, 256 x 3, sRGB: violet, rose, amber, straw.

The stops (0.38, 0.16, 295), (0.53, 0.21, 350), (0.71, 0.18, 45) and (0.93, 0.14, 102) in OKLCh (lightness, chroma,
hue in degrees) are joined by straight lines in OKLab (Ottosson, *A perceptual color space for image processing*, 2020)
at an even pace, so that equal steps look equally far apart. Lightness only rises.
"""
