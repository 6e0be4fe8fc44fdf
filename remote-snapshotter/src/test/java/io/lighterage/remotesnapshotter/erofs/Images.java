package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.stargz.tar.Tars.blockDevice;
import static io.lighterage.stargz.tar.Tars.charDevice;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.fifo;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.KernelFacts;
import io.lighterage.linux.MountFlags;
import io.lighterage.linux.NativeMountCalls;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.stargz.index.IndexedTar;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/// EROFS images of layers written down as tars, and mounts of them.
final class Images {
    private static final int CHUNK = 1000;

    private Images() {}

    /// An image and the flat file of its layer, as files.
    record Image(Path metadata, List<Path> devices) {}

    static LayerIndex index(byte[] tar) {
        return IndexedTar.of(tar, CHUNK).index();
    }

    /// A layer with every kind of file, and every attribute that a file can have.
    static byte[] everything() {
        return tarOf(
                dir("d").mode(01777)
                        .owner(7, 8)
                        .time(1_000_000_000, 123_456_789)
                        .xattr("user.dir", "yes"),
                file("d/empty", "").xattr("user.x", ""),
                file("d/small", "text").mode(04755).owner(70_000, 3_000_000_000L),
                file("d/page", noise(4096, 1)).time(-5, 999_999_999),
                file("d/large", noise(3_000_001, 2)).mode(0).time(4_000_000_000L, 1),
                file("d/marked", "x").xattr("user.a", "1").xattr("user.b", noise(2000, 3)),
                file("d/capable", "x").xattr("security.capability", capability()),
                file("d/hidden", "x").xattr("trusted.overlay.opaque", "y").xattr("user.overlay.opaque", "y"),
                file("d/strange", "x").xattr("strange", "1").xattr("system.strange", "2"),
                symlink("link", "d/small").owner(5, 6).time(77, 7).xattr("user.on-link", "1"),
                symlink("dangling", "/no/such/" + "x".repeat(4000)),
                charDevice("null", 1, 3).mode(0666),
                charDevice("big", 4095, 1_048_575),
                blockDevice("disk", 8, 17).owner(0, 6),
                fifo("pipe").mode(0620),
                hardlink("d/small2", "d/small"),
                hardlink("pipe2", "pipe"),
                hardlink("link2", "link"),
                file("n".repeat(255), "long"),
                file("x", "latin").name("caf\u00e9".getBytes(StandardCharsets.ISO_8859_1)),
                dir("y/").name(new byte[] {(byte) 0xff, (byte) 0xfe, '/'}),
                file("z", "in it").name(new byte[] {(byte) 0xff, (byte) 0xfe, '/', (byte) 0x80}),
                file("new\nline and \\ \"quotes\"", "odd"),
                file("h\u00fcll/\u00df\u4e2d", "utf-8"));
    }

    static byte[] noise(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /// `VFS_CAP_REVISION_2` with `cap_net_raw` permitted and effective.
    private static byte[] capability() {
        byte[] bytes = new byte[20];
        bytes[0] = 1;
        bytes[3] = 2;
        bytes[5] = 0x20;
        return bytes;
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
        List<String> words = new ArrayList<>(List.of("fsck.erofs", "-d3"));
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

    static ImageException refused(ThrowingCallable call) {
        return catchThrowableOfType(ImageException.class, call);
    }
}
