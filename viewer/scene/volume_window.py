"""One off-screen VTK window that draws a volume and finding surfaces; used by one thread alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import vtkmodules.vtkRenderingOpenGL2
import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401
from vtkmodules.vtkCommonCore import vtkCommand, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow, vtkVolume
from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper, vtkGPUVolumeRayCastMapper

from viewer.scene.cut_faces import CutFaces
from viewer.scene.dressed_volume import dressed_for
from viewer.scene.planes import PlaneRenderer
from viewer.scene.planes_in_3d import plane_actors
from viewer.scene.presets_3d import allowed_preset, fitting_preset, preset_3d
from viewer.scene.quality import Quality
from viewer.scene.ray_pace import BY_CARD, BY_PROCESSOR, RayPace
from viewer.scene.shown_box import shown_box
from viewer.scene.surface_actors import SurfaceActors
from viewer.scene.values_look import range_shown
from viewer.scene.volume_properties import brightest, by_hu
from viewer.scene.vtk_arrays import array_of, vtk_array_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from viewer.domain.geometry import Grid
    from viewer.domain.volume import Volume
    from viewer.scene.clips import Clip
    from viewer.scene.dressed_volume import DressedVolume
    from viewer.scene.planes_in_3d import PlaneActors
    from viewer.scene.presets_3d import Preset3D
    from viewer.scene.values_look import ValuesShown
    from viewer.scene.volume_image import RenderVoxels
    from viewer.scene.volume_scene import PlanesShown, VolumeScene


# Ray steps in voxels; at rest those of the preset.
_STEP_MOVING_VOXELS = 1.5
# Where nothing has happened since: shorter ones leave no rings on smooth surfaces, and take more than twice as long.
_FINEST_SHARE = 0.4
# A card takes shorter ones in its stride and begins each ray a little apart: long ones begin within bone, as dark dots.
_STEP_MOVING_ON_CARD_VOXELS = 0.6
# A voxel's size is its middle one, where that is not much more than its least: thin slices of a wide picture are no
# finer for being thin.
_STEP_LEAST_VOXELS = 1.4
# More rays for each voxel than a preset says would show nothing more: large pictures cost hardly more than small ones.
_RAY_EVERY_PX_MOST = 2.5
# Before the first picture that is not moving: the first of a volume says nothing about speed, the second does.
_TRIALS = 2
_TRIAL_PX = 4.0


# The look that shows most of a face.
_SKIN = "soft"
_NO_LABELS_WORDS = "labels hidden with identity"

_Caster = tuple[vtkVolume, vtkFixedPointVolumeRayCastMapper | vtkGPUVolumeRayCastMapper]


class VolumeWindow:
    """Draws scenes; keeps what it made of the last volume and masks.

    Parameters
    ----------
    software
        True where OpenGL is emulated: rays are then cast by VTK's own threads at half resolution.
    stop
        Asked while a picture is drawn; when it says True the picture is given up.
    ahead
        Voxels that were made ready for the first picture.
    """

    def __init__(self, *, software: bool, stop: Callable[[], bool], ahead: DressedVolume | None = None) -> None:
        self._software = software
        self._stop = stop
        self._stopped = False
        self._volume: Volume | None = None
        self._ahead = ahead
        self._dressed: DressedVolume | None = None
        self._drawn: RenderVoxels | None = None
        self._preset: Preset3D | None = None
        self._values: ValuesShown | None = None
        self._clips: tuple[Clip, ...] = ()
        self._planes: list[PlaneActors] = []
        self._planes_shown: tuple[int, PlanesShown | None] = (0, None)
        self._plane_renderer = PlaneRenderer()
        self.drawn = ""
        self._image: vtkImageData | None = None
        self._held: list[object] = []
        self._caster: _Caster | None = None
        self._prop: vtkVolume | None = None
        self._mapper: vtkFixedPointVolumeRayCastMapper | vtkGPUVolumeRayCastMapper | None = None
        self._step_mm = 1.0
        self._read = vtkUnsignedCharArray()
        self._pace = RayPace(BY_PROCESSOR if software else BY_CARD)
        self._window = vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._window.SetNumberOfLayers(3)
        self._inside = vtkRenderer()
        self._inside.SetBackground(0.0, 0.0, 0.0)
        self._inside.SetBackgroundAlpha(1.0)
        self._inside.SetLayer(0)
        # VTK draws what is seen through before rays; cut faces come after them, behind solids that stand before them.
        self._before = vtkRenderer()
        self._before.SetLayer(1)
        self._before.PreserveDepthBufferOn()
        self._before.SetUseOIT(False)
        self._faces = CutFaces(self._before)
        # The same findings once more, faintly and in front of everything: bone must not hide what was found.
        self._through = vtkRenderer()
        self._through.SetLayer(2)
        for renderer in (self._before, self._through):
            renderer.InteractiveOff()
            renderer.SetActiveCamera(self._inside.GetActiveCamera())
        self._solids = SurfaceActors(self._inside, self._through, stop)
        for renderer in (self._inside, self._before, self._through):
            self._window.AddRenderer(renderer)
        self._window.AddObserver(vtkCommand.AbortCheckEvent, self._check)
        self._window.AddObserver(vtkCommand.ErrorEvent, self._err)
        self._failed = False
        # OpenGL is loaded with the first picture, which is not to wait for it.
        self._window.SetSize(8, 8)
        self._window.Render()

    @property
    def whole(self) -> bool:
        """True where nothing of the scene is missing in the last picture."""
        return self._solids.whole

    def _err(self, *_: object) -> None:
        self._failed = True

    def _check(self, *_: object) -> None:
        if self._stop():
            self._stopped = True
            self._window.SetAbortRender(1)

    def close(self) -> None:
        """Let go of everything; must be called by the thread that made the window."""
        self._window.RemoveAllObservers()
        for renderer in (self._inside, self._before, self._through):
            renderer.RemoveAllViewProps()
        if self._caster is not None:
            self._caster[1].ReleaseGraphicsResources(self._window)
            self._caster[1].RemoveAllInputs()
        self._caster = self._prop = self._mapper = self._volume = self._preset = None
        self._dressed = self._ahead = self._drawn = self._image = None
        self._held.clear()
        self._solids.clear()
        self._faces.clear()
        self._planes.clear()
        self._plane_renderer.clear()
        for renderer in (self._inside, self._before, self._through):
            self._window.RemoveRenderer(renderer)
        self._window.Finalize()

    def draw(self, scene: VolumeScene, quality: Quality) -> NDArray[np.uint32] | None:
        """Return the picture as RGB32, [row, column], or None where it was given up.

        While something moves, that of a large view is smaller than the view.
        """
        self._stopped = False
        self.drawn = ""
        self._show_volume(scene)
        if self._stop():
            return None
        self._show_surfaces(scene, quality)
        self._show_planes(scene)
        self._aim(scene)
        self._show_faces(scene)
        size_px = self._pace.size_px(quality, scene.width_px, scene.height_px)
        if size_px != self._window.GetSize():
            self._window.SetSize(*size_px)
        if quality is not Quality.MOVING and self._mapper is not None:
            for _ in range(_TRIALS):
                if self._pace.needs_trial:
                    self._cast(scene, quality, _TRIAL_PX)
        self._cast(scene, quality)
        return None if self._stopped else self._pixels(*size_px)

    def _cast(self, scene: VolumeScene, quality: Quality, px: float | None = None) -> None:
        """Draw with a ray for so many screen pixels, or for as many as the pace says."""
        width_px, height_px = self._window.GetSize()
        work = width_px * height_px / self._refine(quality)
        if px is None:
            px = self._pace.px(quality, self._finest_px(scene), work)
        if self._mapper is not None:
            self._mapper.SetImageSampleDistance(px)
        self._window.SetAbortRender(0)
        start = time.perf_counter()
        self._window.Render()
        if not self._software:
            self._window.WaitForCompletion()
        if self._failed:
            raise RuntimeError("OpenGL reports an error")
        if not self._stopped:
            self._pace.took(quality, time.perf_counter() - start, px, work)

    def _show_volume(self, scene: VolumeScene) -> None:
        if scene.volume is not self._volume:
            if self._prop is not None:
                self._inside.RemoveVolume(self._prop)
            self._prop = self._mapper = None
            self._held.clear()
            self._image = None
            self._faces.clear()
            self._solids.forget()
            self._volume = scene.volume
            self._preset = self._dressed = self._drawn = None
            self._clips = ()
            self._plane_renderer.clear()
            self._planes_shown = (0, None)
            self.drawn = ""
            self._pace.forget_first()
            ahead, self._ahead = self._ahead, None
            if ahead is not None and ahead.volume is scene.volume:
                self._dressed = ahead
            else:
                self._dressed = dressed_for(scene, full=not self._software)
            if self._dressed is not None:
                self._prop, self._mapper = self._caster or self._made()
                self._mapper.RemoveAllClippingPlanes()
                self._inside.AddVolume(self._prop)
        if self._prop is None or self._mapper is None or self._dressed is None:
            return
        preset, self.drawn = self._dressed.preset(scene.preset, masked=scene.masked)
        self._prop.SetVisibility(preset is not None)
        if preset is None:
            return
        self._dressed.dress(preset, table=scene.table)
        if self._dressed.drawn is not self._drawn:
            self._drawn = self._dressed.drawn
            self._pace.forget_first()
            self._image = self._image_of(self._dressed.drawn)
            self._mapper.SetInputData(self._image)
            self._place(self._prop, self._dressed.drawn.grid)
            self._preset = None
        if preset is not self._preset or scene.values != self._values:
            self._look(preset, scene, self._dressed)
        if scene.clips != self._clips:
            self._mapper.RemoveAllClippingPlanes()
            for clip in scene.clips:
                plane = vtkPlane()
                plane.SetOrigin(*clip.through_lps_mm)
                plane.SetNormal(*clip.inwards)
                self._mapper.AddClippingPlane(plane)
            self._clips = scene.clips

    def _look(self, preset: Preset3D, scene: VolumeScene, dressed: DressedVolume) -> None:
        """Let rays show what a preset says."""
        assert self._prop is not None
        assert self._mapper is not None
        if preset.of_values:
            shown = scene.values or range_shown(dressed.rendered)
            self._prop.SetProperty(brightest(shown, dressed.rendered))
            self._mapper.SetBlendModeToMaximumIntensity()
            self._mapper.SetCropping(False)
        else:
            self._prop.SetProperty(by_hu(preset, on_card=not self._software))
            self._mapper.SetBlendModeToComposite()
            if preset is not self._preset:
                self._crop(dressed.drawn, preset)
        self._preset, self._values = preset, scene.values

    def _crop(self, drawn: RenderVoxels, preset: Preset3D) -> None:
        """Cast rays only where the preset shows anything."""
        assert self._mapper is not None
        box = shown_box(drawn.voxels, preset)
        self._mapper.SetCropping(box is not None)
        if box is not None:
            ends = zip(box, drawn.grid.spacing_mm, strict=True)
            self._mapper.SetCroppingRegionPlanes([n * mm for (low, high), mm in ends for n in (low, high)])
            self._mapper.SetCroppingRegionFlagsToSubVolume()

    def _image_of(self, drawn: RenderVoxels) -> vtkImageData:
        image = vtkImageData()
        image.SetDimensions(*drawn.grid.size_ijk)
        image.SetSpacing(*drawn.grid.spacing_mm)
        scalars = vtk_array_on(drawn.voxels.reshape(-1))
        image.GetPointData().SetScalars(scalars)
        self._held = [drawn.voxels, scalars]
        return image

    def _place(self, prop: vtkVolume, grid: Grid) -> None:
        # Spacing is in the image, directions and place in the prop: not every mapper minds an image's directions.
        matrix = np.eye(4)
        matrix[:3, :3] = grid.directions
        matrix[:3, 3] = grid.lps_from_ijk[:3, 3]
        placed = vtkMatrix4x4()
        placed.DeepCopy(matrix.ravel().tolist())
        prop.SetUserMatrix(placed)
        least, middle, _ = sorted(grid.spacing_mm)
        self._step_mm = min(middle, _STEP_LEAST_VOXELS * least)

    def _made(self) -> _Caster:
        """Return what casts rays: the same for every volume, with what it holds of the GPU."""
        mapper: vtkFixedPointVolumeRayCastMapper | vtkGPUVolumeRayCastMapper
        if self._software:
            mapper = vtkFixedPointVolumeRayCastMapper()
            mapper.SetAutoAdjustSampleDistances(0)
        else:
            mapper = vtkGPUVolumeRayCastMapper()
            mapper.SetAutoAdjustSampleDistances(0)
            mapper.SetUseJittering(1)
        prop = vtkVolume()
        prop.SetMapper(mapper)
        self._caster = (prop, mapper)
        return self._caster

    def _show_surfaces(self, scene: VolumeScene, quality: Quality) -> None:
        surfaces = scene.surfaces
        if allowed_preset(scene.volume, _SKIN, masked=scene.masked) is not preset_3d(_SKIN):
            surfaces = tuple(surface for surface in surfaces if not surface.label)
        if len(surfaces) < len(scene.surfaces):
            look = self.drawn or preset_3d(fitting_preset(scene.volume, scene.preset)).title
            self.drawn = f"{look} · {_NO_LABELS_WORDS}"
        self._solids.show(surfaces, scene.volume.stack, quality)

    def _show_planes(self, scene: VolumeScene) -> None:
        if (id(scene.volume), scene.planes) == self._planes_shown:
            return
        for each in self._planes:
            self._inside.RemoveActor(each.picture)
            self._inside.RemoveActor(each.frame)
        there = scene.planes is not None and self._prop is not None
        self._planes = plane_actors(scene.volume, scene.planes, self._plane_renderer) if scene.planes and there else []
        for each in self._planes:
            self._inside.AddActor(each.picture)
            self._inside.AddActor(each.frame)
        self._planes_shown = (id(scene.volume), scene.planes)

    def _show_faces(self, scene: VolumeScene) -> None:
        seen = self._prop is not None and self._prop.GetVisibility()
        by_hu = seen and self._preset is not None and not self._preset.of_values
        if not by_hu or self._image is None or self._dressed is None or self._preset is None:
            self._faces.hide()
            return
        to_eye = np.asarray(scene.camera.to_eye)
        self._faces.show(self._image, self._dressed.drawn, self._preset, scene.clips, to_eye)

    def _aim(self, scene: VolumeScene) -> None:
        camera = self._inside.GetActiveCamera()
        focal = np.asarray(scene.camera.focal_lps_mm)
        eye = np.asarray(scene.camera.to_eye) / np.linalg.norm(scene.camera.to_eye)
        bounds = scene.volume.grid.bounds_lps_mm
        reach = float(np.linalg.norm(bounds[:, 1] - bounds[:, 0])) + float(np.linalg.norm(bounds.mean(axis=1) - focal))
        reach = max(reach, scene.camera.height_mm)
        camera.ParallelProjectionOn()
        camera.SetFocalPoint(*focal)
        camera.SetPosition(*(focal + 2 * reach * eye))
        camera.SetViewUp(*scene.camera.up)
        camera.SetParallelScale(scene.camera.height_mm / 2)
        camera.SetClippingRange(0.5 * reach, 3.5 * reach)

    def _refine(self, quality: Quality) -> float:
        """Let rays go in steps that a picture is worth, and return how long those are, in voxels."""
        steps = _STEP_MOVING_VOXELS if self._software else _STEP_MOVING_ON_CARD_VOXELS
        if quality is not Quality.MOVING and self._preset is not None:
            steps = self._preset.step_voxels * (_FINEST_SHARE if quality is Quality.FINEST else 1.0)
        if self._mapper is not None:
            self._mapper.SetSampleDistance(self._step_mm * steps)
        return steps

    @property
    def finer(self) -> bool:
        """True where a picture of the finest quality shows more than one at rest; a card's has no rings."""
        return self._software and self._preset is not None and not self._preset.of_values

    def _finest_px(self, scene: VolumeScene) -> float:
        """Return screen pixels per ray beyond which more rays would show nothing more."""
        if not self._software:
            return 1.0
        px_per_voxel = self._step_mm * scene.height_px / scene.camera.height_mm
        rays = self._preset.rays_per_voxel if self._preset is not None else 1.0
        return min(max(px_per_voxel / rays, 1.0), _RAY_EVERY_PX_MOST)

    def _pixels(self, width: int, height: int) -> NDArray[np.uint32]:
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, self._read, 0)
        # In memory red comes first and in a number 0xAARRGGBB it comes third: turned round, and opaque.
        pixels: NDArray[np.uint32] = array_of(self._read).view("<u4").reshape(height, width)[::-1].byteswap()
        pixels >>= np.uint32(8)
        pixels |= np.uint32(0xFF000000)
        return pixels
