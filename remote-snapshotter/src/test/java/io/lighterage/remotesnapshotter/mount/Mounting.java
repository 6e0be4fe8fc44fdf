package io.lighterage.remotesnapshotter.mount;

import io.lighterage.linux.KernelFacts;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// The ways to mount a tree, for the tests that hold for all of them.
enum Mounting {
    TREE {
        @Override
        void assumeWorks() {
            Trees.assumeFuse();
        }

        @Override
        TreeMounter mounter(Path folder) {
            return new FuseTreeMounter();
        }
    },
    EROFS {
        @Override
        void assumeWorks() {
            Unpacking.assumeRoot();
            Assumptions.assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
            Assumptions.assumeTrue(
                    KernelFacts.read().erofs() != KernelFacts.Support.ABSENT, "needs a kernel with EROFS");
        }

        @Override
        TreeMounter mounter(Path folder) {
            return new ErofsTreeMounter(folder);
        }
    };

    /// Skips the test where it cannot be had, and says why.
    abstract void assumeWorks();

    /// @param folder for files of its own
    abstract TreeMounter mounter(Path folder);

    MountedTree mount(ImageTree tree, Path directory) throws IOException {
        Files.createDirectories(directory);
        return mounter(directory.resolveSibling("layer-images")).mount(tree, directory, MountOptions.USUAL);
    }
}
