package io.lighterage.remotesnapshotter.mount;

import java.nio.file.Path;

/// A tree that is mounted and served by this process.
public interface MountedTree extends AutoCloseable {
    /// Where.
    Path at();

    /// How the kernel gets to see it, for people: `EROFS` or `FUSE`, and why not otherwise where that was tried.
    String way();

    /// Returns when nothing is served any more: it was unmounted, by [#close] or from outside, and the last process
    /// that used it has let go.
    ///
    /// @throws io.lighterage.contentstore.ImageException CANCELLED when this thread is interrupted
    void awaitUnmounted();

    /// Says how many bytes the kernel is to read ahead in files opened from now on. Where this process may not say
    /// that, nothing happens.
    void readAhead(int bytes);

    /// Whether it is still served.
    boolean served();

    /// Takes it out of its directory at once, and serves those who are in it until the last of them lets go.
    ///
    /// @param then run when nothing is served any more; soon where nobody is in it
    /// @throws io.lighterage.contentstore.ImageException when the kernel refuses; `then` is not run then
    void release(Runnable then);

    /// Unmounts. A mount that is in use disappears from its directory at once and for good when the last process lets
    /// go of it; until then those processes get `EIO` for what is not in the kernel's cache. Never waits for them;
    /// does nothing when it is unmounted already.
    ///
    /// @throws io.lighterage.contentstore.ImageException when the kernel refuses
    @Override
    void close();
}
