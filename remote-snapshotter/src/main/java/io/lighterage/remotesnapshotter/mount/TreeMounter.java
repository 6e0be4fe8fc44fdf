package io.lighterage.remotesnapshotter.mount;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// A way for the kernel to see a tree.
public interface TreeMounter {
    /// Loads what [#mount] needs, so that this can go on while the image is opened. A failure is left to [#mount].
    default void prepare() {}

    /// Layers, by their digests in hexadecimal, whose files are still read through mounts of a process before this one
    /// that was killed. Nothing of them is answered, and [#mount] waits, until [#goOn].
    default Set<String> inherited() {
        return Set.of();
    }

    /// Serves [#inherited] layers until what is returned is closed.
    default Inheritance inherit(List<TreeLayer> layers) {
        return () -> {};
    }

    /// All inherited layers that can be served are: what waits is answered from now on.
    default void goOn() {}

    /// This process ends: whatever somebody still reads is left to the next, if there can be one, and answered no more.
    default void leave() {}

    /// Layers that are served for mounts of a process before this one.
    @FunctionalInterface
    interface Inheritance extends AutoCloseable {
        /// Gives them up: reads of what the kernel has not cached fail with `EIO`.
        @Override
        void close();
    }

    /// Mounts a tree on an empty directory, read-only, and returns when it can be read.
    ///
    /// The tree and the contents behind it stay the caller's, who closes them after the mount.
    ///
    /// @throws io.lighterage.contentstore.ImageException NOT_FOUND when there is no such directory,
    ///     PRECONDITION when it is none or not empty, UNSUPPORTED when the machine lacks what is needed (the
    ///     message says how to get it), DENIED when this process may not mount
    MountedTree mount(ImageTree tree, Path directory, MountOptions options);
}
