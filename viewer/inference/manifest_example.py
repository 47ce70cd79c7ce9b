"""A whole manifest with a comment for every key; `{sha256}` is to be filled in, and braces are doubled for it."""

EXAMPLE = """\
manifest = 1                          # version of this format

[model]
id = "example"                        # a-z, 0-9 and -; the folder may be called otherwise
name = "Example"
version = "1.0.0"
task = "segmentation"                 # later: detection, slice-classification, volume-classification
licence = "Apache-2.0"
rules = false                         # true: fixed rules, nothing trained; then scores are left out
file = "model.onnx"

[model.files]                         # every file beside this one that is read, with its SHA-256
"model.onnx" = "{sha256}"

[model.card]
intended_use = "Demonstration only."
regulatory_status = "Not a medical device."
trained_on = "Synthetic CT made by viewer/phantom."
synthetic = true                      # trained on synthetic data alone
limitations = ["Misses small lesions."]

[[model.card.metric]]                 # as many as there are
name = "Sensitivity"
value = 0.9
interval = [0.85, 0.94]               # optional
measured_on = "60 unseen synthetic heads"

[accept]
synthetic_only = true                 # refuses real data unless told "run anyway"
modality = ["CT"]                     # default ["CT"]
unit = "HU"                           # default "HU"; "any" takes everything
body_part = []                        # such as ["HEAD"]; checked where the series names its body part
contrast = "any"                      # any, none, required: told to the reader, not checked
largest_slice_spacing_mm = 7.0        # optional
orientation = "any"                   # any, axial, coronal, sagittal

[input.image]                         # the ONNX tensor's name
role = "image"                        # default; "padding": 1 where there is no pixel
dtype = "float32"                     # float32, float16, int16, int32, bool
layout = "NCDHW"                      # without D the slices are the batch
orientation = "LPS"                   # W grows to the left, H to the back, D to the head; or "original"
spacing_mm = [2.0, 2.0, 2.0]          # along W, H, D; or "original": slices as they are
channels = [                          # one of these forms each:
  {{ window = [40, 80] }},              # [centre, width] to 0…1; range = [0, 1] by default
  {{ clip = [-1024, 300], range = [0, 1] }},
  {{ clip = [-200, 300], mean = 40, std = 80 }},
  {{ raw = true }},                     # values as they are
]
size_multiple = 8                     # or a list; the patch or volume is filled up to a multiple
resampling = "linear"                 # or "nearest"
normalise = "after-resampling"        # or "before-resampling"
outside_hu = -1024                    # value where there is no pixel

[inference]
mode = "whole_or_sliding"             # whole, sliding, whole_or_sliding, slices
patch = [96, 96, 96]                  # along W, H, D
overlap = 0.25
blending = "gaussian"                 # or "constant"
batch = 1                             # patches at once
flips = []                            # of "i", "j", "k": averages the mirrored runs
whole_up_to_voxels = 20000000         # beyond, whole_or_sliding slides

[output.logits]
kind = "voxel-logits"                 # voxel-logits, voxel-probabilities, label-map
layout = "NCDHW"
activation = "softmax"                # sigmoid, softmax, none
calibration = {{ temperature = 1.2, how = "On 30 synthetic heads." }}   # optional

[post]
mask_threshold = 0.5                  # the mask is cut once, here
smallest_ml = 0.05
connectivity = 26                     # 6, 18, 26; "label": everything of a label is one finding
merge_distance_mm = 0.0               # parts nearer than this are one finding
finding_score = "max"                 # max, mean, p95 of the finding's voxels; none
case_score = "max"                    # of the findings; or none

[[label]]
index = 1                             # channel of the output, or value in a label map
key = "bleed"
name = "Haemorrhage"
colour = "#e5484d"
window = [40, 80]                     # to look at it in
snomed_category = ["49755003", "SCT", "Morphologically Abnormal Structure"]
snomed_type = ["50960005", "SCT", "Hemorrhage"]
snomed_region = ["12738006", "SCT", "Brain"]

[[operating_point]]
key = "balanced"
name = "Balanced"
threshold = 0.5
default = true
"""
