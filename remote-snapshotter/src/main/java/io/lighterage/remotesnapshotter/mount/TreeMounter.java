package io.lighterage.remotesnapshotter.mount;

import java.nio.file.Path;

/// A way for the kernel to see a tree.
public interface TreeMounter {
    /// Loads what [#mount] needs, so that this can go on while the image is opened. A failure is left to [#mount].
    default void prepare() {}

    /// Mounts a tree on an empty directory, read-only, and returns when it can be read.
    ///
    /// The tree and the contents behind it stay the caller's, who closes them after the mount.
    ///
    /// @throws io.lighterage.contentstore.ImageException NOT_FOUND when there is no such directory,
    ///     PRECONDITION when it is none or not empty, UNSUPPORTED when the machine lacks what is needed (the
    ///     message says how to get it), DENIED when this process may not mount
    MountedTree mount(ImageTree tree, Path directory, MountOptions options);
}
