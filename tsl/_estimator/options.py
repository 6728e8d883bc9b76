"""Types of the parameters with a fixed set of strings."""

from __future__ import annotations

from typing import Literal

Auto = Literal["auto"]
Solver = Literal["adam", "adamw", "rmsprop", "sgd"]
LearningRate = Literal["constant", "step", "cosine", "plateau"]
Precision = Literal["float32", "float64"]
TimeOrder = Literal["auto", "oldest_first", "newest_first"]
Layout = Literal["auto", "time_channel", "channel_time"]
