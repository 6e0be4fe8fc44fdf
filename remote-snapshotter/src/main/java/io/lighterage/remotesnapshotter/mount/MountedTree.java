package io.lighterage.remotesnapshotter.mount;

import java.nio.file.Path;

/// A tree that is mounted and served by this process.
public interface MountedTree extends AutoCloseable {
    /// Where.
    Path at();

    /// Returns when nothing is served any more: it was unmounted, by [#close] or from outside, and the last process
    /// that used it has let go.
    ///
    /// @throws io.lighterage.contentstore.ImageException CANCELLED when this thread is interrupted
    void awaitUnmounted();

    /// Says how many bytes the kernel is to read ahead in files opened from now on. Where this process may not say
    /// that, nothing happens.
    void readAhead(int bytes);

    /// Unmounts. A mount that is in use disappears from its directory at once and for good when the last process lets
    /// go of it; until then those processes get `EIO` for what is not in the kernel's cache. Never waits for them;
    /// does nothing when it is unmounted already.
    ///
    /// @throws io.lighterage.contentstore.ImageException when the kernel refuses
    @Override
    void close();
}
