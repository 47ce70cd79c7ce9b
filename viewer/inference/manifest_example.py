"""Whole manifests of every kind with a comment for every key; `{sha256}` is to be filled in, braces are doubled for it.

The first has every key that all kinds share; the others say only what is different.
"""

EXAMPLE = """\
manifest = 1                          # version of this format

[model]
id = "example"                        # a-z, 0-9 and -; the folder may be called otherwise
name = "Example"
version = "1.0.0"
task = "segmentation"                 # or detection, slice-classification, volume-classification
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
dtype = "float32"                     # float16, 32, 64; int8, 16, 32, 64; uint8, uint16
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
beyond = -1.0                         # what the tensor is filled up with; default outside_hu, as any value

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
                                      # what a score means as a probability, where that was measured: in between
                                      # straight lines; without this no probability is shown
calibration = {{ scores = [0.0, 0.5, 1.0], probabilities = [0.0, 0.3, 0.9], how = "Isotonic, 200 synthetic heads." }}

[[label]]
index = 1                             # channel of the output, or value in a label map
key = "bleed"
name = "Haemorrhage"
colour = "#e5484d"
window = [40, 80]                     # to look at it in
snomed_category = ["49755003", "SCT", "Morphologically Abnormal Structure"]
snomed_type = ["50960005", "SCT", "Hemorrhage"]
snomed_region = ["12738006", "SCT", "Brain"]
laterality = ""                       # "left" or "right" where the label itself says so

[[operating_point]]
key = "balanced"
name = "Balanced"
threshold = 0.5
default = true
"""

_HEAD = EXAMPLE[: EXAMPLE.index("[input.image]")]

DETECTION = (
    _HEAD.replace('task = "segmentation"', 'task = "detection"')
    + """\
[input.image]
dtype = "float32"
layout = "NCDHW"
orientation = "RAS"
spacing_mm = [0.703, 0.703, 1.25]
channels = [{{ clip = [-1024, 300], range = [0, 1] }}]

[inference]
mode = "sliding"                      # or whole; a patch has to hold the largest lesion
patch = [512, 512, 192]
overlap = 0.25

[output.boxes]                        # decoded in the graph: anchors are not known here
kind = "boxes"
layout = "NB6"                        # N of one, B boxes; N may be left out
format = "corners"                    # or "centre-size": three and three numbers
frame = "voxels"                      # of the tensor that was fed; or "mm" along its axes
origin = "edge"                       # 0 is the first voxel's outer face; "centre"; "inclusive": first and last voxel
order = "ijk"                         # the axis of each of the three: i along W, j along H, k along D

[output.scores]
kind = "box-scores"
layout = "NB"                         # or "NBC": a score of each class, then no labels
activation = "none"                   # sigmoid or softmax where they are logits

[output.labels]                       # may be left out where there is one label
kind = "box-labels"
layout = "NB"

[post]
least_score = 0.05                    # boxes below it are left out
nms_iou = 0.22                        # of boxes of a label that overlap more, the best is kept
most_findings = 200                   # more boxes than this are no result

[[label]]
index = 0                             # the number in box-labels, or the class
key = "nodule"
name = "Nodule"
"""
)

SLICES = (
    _HEAD.replace('task = "segmentation"', 'task = "slice-classification"')
    + """\
[input.image]
dtype = "float32"
layout = "NCHW"                       # no D: slices are the batch
orientation = "original"              # slices as they are; or three letters and a spacing for slices of a grid
spacing_mm = "fit"                    # each slice stretched onto `size`; or "original"
size = [512, 512]                     # W, H; with a spacing that is not "fit" the middle is cut out or filled up
channels = [{{ window = [40, 80] }}, {{ window = [80, 200] }}, {{ window = [600, 2800] }}]

[inference]
mode = "slices"
slab = 16                             # slices at once

[output.classes]
kind = "class-logits"                 # or class-probabilities
layout = "NC"
activation = "sigmoid"                # or softmax
calibration = {{ temperature = 1.4, how = "On 500 synthetic slices." }}

[output.cam]                          # may be left out: then parts of the best slice are covered to see where it looked
kind = "activation-map"
layout = "NCHW"                       # of any size, over the whole slice; without C one map for all labels

[post]
least_score = 0.5                     # slices from here on make a finding
bridge_slices = 1                     # of slices at most so many apart one finding is made
finding_score = "max"                 # or mean, of its slices
map_threshold = 0.5                   # share of the map's largest value that marks the place
occlusion_runs = 500                  # without a map: slices run once more in all, 144 for one finding; 0 for none

[[label]]
index = 0
key = "bleed"
name = "Haemorrhage"
"""
)

VOLUME = (
    _HEAD.replace('task = "segmentation"', 'task = "volume-classification"')
    + """\
[input.image]
dtype = "float32"
layout = "NCDHW"
orientation = "LPS"
spacing_mm = "fit"                    # the whole volume stretched onto `size`; or numbers: its middle is cut out
size = [128, 128, 64]                 # W, H, D
channels = [{{ window = [40, 400] }}]

[inference]
mode = "whole"

[output.classes]
kind = "class-probabilities"
layout = "NC"

[post]
least_score = 0.0                     # classes below it are not listed
calibration = {{ scores = [0.0, 0.5, 1.0], probabilities = [0.0, 0.3, 0.9], how = "Isotonic, 200 synthetic heads." }}

[[label]]
index = 0
key = "bleed"
name = "Any haemorrhage"
"""
)

EXAMPLES = {
    "segmentation": EXAMPLE,
    "detection": DETECTION,
    "slice-classification": SLICES,
    "volume-classification": VOLUME,
}
