"""numpy arrays and VTK arrays on the same memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vtkmodules.util import numpy_support

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from vtkmodules.vtkCommonCore import vtkDataArray


def vtk_array_on(values: NDArray[Any]) -> vtkDataArray:
    """Return a VTK array on the memory of a C-contiguous array; keep the array alive as long as it is used."""
    made: vtkDataArray = numpy_support.numpy_to_vtk(values, deep=False)  # type: ignore[no-untyped-call]  # VTK says no types
    return made


def array_of(values: vtkDataArray) -> NDArray[Any]:
    """Return an array on the memory of a VTK array; copy it before the VTK array ends."""
    made: NDArray[Any] = numpy_support.vtk_to_numpy(values)  # type: ignore[no-untyped-call]  # VTK says no types
    return made
