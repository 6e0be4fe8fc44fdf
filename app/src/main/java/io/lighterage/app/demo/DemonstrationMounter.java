package io.lighterage.app.demo;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.mount.ImageTree;
import io.lighterage.remotesnapshotter.mount.MountOptions;
import io.lighterage.remotesnapshotter.mount.MountedTree;
import io.lighterage.remotesnapshotter.mount.TreeMounter;
import io.lighterage.stargz.RawName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Mounts where this machine lets us; where it does not, files are read from the tree itself, which fetches and
/// verifies just the same.
final class DemonstrationMounter implements TreeMounter {
    private final TreeMounter kernel;
    private @Nullable ImageTree unmounted;
    private @Nullable String reason;

    DemonstrationMounter(TreeMounter kernel) {
        this.kernel = kernel;
    }

    @Override
    public MountedTree mount(ImageTree tree, Path directory, MountOptions options) {
        try {
            return kernel.mount(tree, directory, options);
        } catch (ImageException e) {
            if (e.kind() != ErrorKind.UNSUPPORTED && e.kind() != ErrorKind.DENIED) {
                throw e;
            }
            unmounted = tree;
            reason = e.getMessage();
            return new Nowhere(directory);
        }
    }

    /// Why nothing was mounted.
    Optional<String> reason() {
        return Optional.ofNullable(reason);
    }

    /// Reads a file to its end, through the mount where there is one.
    ///
    /// @return how many bytes
    long read(Path directory, String path) throws IOException {
        ImageTree tree = unmounted;
        if (tree == null) {
            return Files.readAllBytes(directory.resolve(path)).length;
        }
        long node = tree.find(RawName.of(path));
        if (node == ImageTree.NONE) {
            throw new ImageException(ErrorKind.NOT_FOUND, "the sample image has no '" + path + "'");
        }
        ByteBuffer target = ByteBuffer.allocate(1 << 16);
        long done = 0;
        for (int count = tree.read(node, done, target); count > 0; count = tree.read(node, done, target)) {
            done += count;
            target.clear();
        }
        return done;
    }

    /// A tree that no directory shows.
    private record Nowhere(Path at) implements MountedTree {
        @Override
        public String way() {
            return "nowhere";
        }

        @Override
        public void awaitUnmounted() {}

        @Override
        public void readAhead(int bytes) {}

        @Override
        public boolean served() {
            return true;
        }

        @Override
        public void release(Runnable then) {
            then.run();
        }

        @Override
        public void close() {}
    }
}
