"""ONNX models: their manifests, their sessions, and the pipeline before and after them."""

import os

# From 1.29 on ONNX Runtime tells its maker over the network which models ran, and keeps a number for this computer in
# the cache folder, unless this is set before it is loaded. Processes that run a model inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
