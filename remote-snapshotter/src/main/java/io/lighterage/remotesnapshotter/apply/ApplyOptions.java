package io.lighterage.remotesnapshotter.apply;

import java.nio.file.Path;
import java.util.List;

/// How a layer is applied.
///
/// @param form what the target directory is
/// @param lowers for [Form#OVERLAY]: the directories of the layers below, topmost first, already complete. They are
///     only read: a parent directory this layer has no entry for takes its attributes from them, symlinks on the way
///     to a parent are found in them, and a hard link to a file of theirs is made by copying the file up. May be
///     empty; then missing parents are 0755, and hard links into lower layers are refused. Ignored for
///     [Form#MERGED]
/// @param userXattrs whether overlay marks are `user.overlay.*` (mounted with `userxattr`) and not `trusted.overlay.*`
/// @param label the name of the layer in messages, usually its digest
public record ApplyOptions(Form form, List<Path> lowers, boolean userXattrs, String label) {
    public ApplyOptions {
        lowers = List.copyOf(lowers);
    }

    /// What the target directory is.
    public enum Form {
        /// One tree that all layers are applied to, base first: whiteouts remove.
        MERGED,
        /// The directory of one layer, ready to be stacked by overlayfs: whiteouts become marks.
        OVERLAY
    }

    /// All layers into one tree.
    public static ApplyOptions merged(String label) {
        return new ApplyOptions(Form.MERGED, List.of(), false, label);
    }

    /// One directory for this layer.
    public static ApplyOptions overlay(String label, List<Path> lowers) {
        return new ApplyOptions(Form.OVERLAY, lowers, false, label);
    }

    /// The same with other marks.
    public ApplyOptions withUserXattrs(boolean value) {
        return new ApplyOptions(form, lowers, value, label);
    }
}
