package io.lighterage.runtime;

/// What an unpacked image looks like on disk.
public enum UnpackForm {
    /// One root directory with all layers applied.
    MERGED,
    /// One directory a layer, `00`, `01`, … base first, with overlay whiteouts: what `lowerdir=` takes (reversed).
    LAYERS
}
