"""ONNX models: their manifests, their sessions, and the pipeline before and after them."""
