package io.lighterage.remotesnapshotter.erofs;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.KernelFacts;
import io.lighterage.linux.MountFlags;
import io.lighterage.linux.NativeMountCalls;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.stargz.index.IndexedTar;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// EROFS images of layers written down as tars, and mounts of them.
final class Images {
    private static final int CHUNK = 1000;

    private Images() {}

    /// An image and the flat file of its layer, as files.
    record Image(Path metadata, List<Path> devices) {}

    static LayerIndex index(byte[] tar) {
        return IndexedTar.of(tar, CHUNK).index();
    }

    /// Writes `meta` and `flat` into a new directory.
    static Image write(byte[] tar, Path directory) throws IOException {
        Files.createDirectories(directory);
        IndexedTar indexed = IndexedTar.of(tar, CHUNK);
        Path flat = Files.write(directory.resolve("flat"), indexed.flat());
        Path metadata = directory.resolve("meta");
        ErofsHeader header = ErofsImage.write(metadata, new LayerErofsTree(indexed.index()));
        return new Image(metadata, header.devices().isEmpty() ? List.of() : List.of(flat));
    }

    static ErofsMount mount(Image image, Path target) throws IOException {
        Files.createDirectories(target);
        return ErofsMounter.ofThisMachine().mount(image.metadata(), image.devices(), target);
    }

    /// Skips the test where EROFS cannot be mounted, and says why.
    static void assumeErofs() {
        Unpacking.assumeRoot();
        assumeTrue(KernelFacts.read().erofs() != KernelFacts.Support.ABSENT, "needs a kernel with EROFS");
    }

    /// What `fsck.erofs` says of an image; throws when it is not content.
    static String fsck(Image image, String... more) throws IOException, InterruptedException {
        assumeTrue(Unpacking.hasCommand("fsck.erofs"), "needs fsck.erofs: apt-get install erofs-utils");
        List<String> words = new java.util.ArrayList<>(List.of("fsck.erofs"));
        words.addAll(List.of(more));
        image.devices().forEach(device -> words.add("--device=" + device));
        words.add(image.metadata().toString());
        return Unpacking.command(words.toArray(String[]::new));
    }

    /// Unmounts what a failed test left, deepest first.
    static void clean(Path below) throws IOException {
        List<Path> left;
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/mounts"))) {
            left = lines.map(line -> line.split(" ")[1])
                    .filter(path -> path.startsWith(below + "/"))
                    .sorted(Comparator.reverseOrder())
                    .map(Path::of)
                    .toList();
        }
        for (Path path : left) {
            int result = new NativeMountCalls().umount2(path, MountFlags.MNT_DETACH);
            if (result != 0) {
                throw new IOException("cannot unmount " + path + ": " + result);
            }
        }
    }

    static ImageException refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return org.assertj.core.api.Assertions.catchThrowableOfType(ImageException.class, call);
    }
}
