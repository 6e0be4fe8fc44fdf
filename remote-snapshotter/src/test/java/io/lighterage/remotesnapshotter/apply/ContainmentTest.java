package io.lighterage.remotesnapshotter.apply;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.header;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.pax;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.stargz.RawName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Nothing is ever written, changed or removed outside the target. Each test ends with a look at what is beside it.
class ContainmentTest {
    @TempDir
    Path scratch;

    private Unpacking unpacking;
    private String outside;

    @BeforeEach
    void begin() throws IOException {
        Unpacking.assumeRoot();
        unpacking = new Unpacking(scratch);
        outside = unpacking.canary().toAbsolutePath().toString();
    }

    @AfterEach
    void nothingOutsideHasChanged() throws IOException {
        if (unpacking != null) {
            unpacking.requireContained();
        }
    }

    @Test
    void dotsCannotClimbAboveTheRoot() throws IOException {
        unpacking.merged(tarOf(
                file("../../canary/passwd", "evil"),
                file("a/../../../canary/sub/file", "evil"),
                file("/etc/passwd", "evil"),
                dir("../.."),
                file("d/./x/../y", "1")));
        assertThat(unpacking.listing().paths())
                .containsExactly(
                        "canary", "canary/passwd", "canary/sub", "canary/sub/file", "d", "d/y", "etc", "etc/passwd");
    }

    @Test
    void absoluteSymlinksStartAtTheRootOfTheTree() throws IOException {
        unpacking.merged(tarOf(symlink("out", outside), file("out/passwd", "evil"), dir("out/sub"), whiteout("out/x")));
        assertThat(Files.readString(
                        unpacking.target().resolve(outside.substring(1)).resolve("passwd")))
                .isEqualTo("evil");
    }

    @Test
    void relativeSymlinksStopAtTheRootOfTheTree() throws IOException {
        unpacking.merged(tarOf(
                dir("deep"),
                symlink("deep/up", "../../../../canary"),
                file("deep/up/passwd", "evil"),
                file("deep/up/sub/file", "evil")));
        assertThat(unpacking.listing().at("canary/passwd").size()).isEqualTo(4);
    }

    @Test
    void symlinksSwappedInBetweenEntriesAreSeen() throws IOException {
        // CVE-2025-47290: a directory is used, replaced by a symlink, and used again.
        unpacking.merged(tarOf(
                dir("d"),
                dir("d/sub"),
                file("d/sub/a", "1"),
                symlink("d", outside),
                file("d/sub/file", "evil"),
                file("d/passwd", "evil"),
                hardlink("d/h", "d/passwd")));
        assertThat(unpacking.listing().at("d").target()).isEqualTo(RawName.of(outside));
        assertThat(unpacking.listing().at(outside.substring(1) + "/passwd").links())
                .isEqualTo(2);
    }

    @Test
    void symlinksOfALowerLayerAreFollowedInsideOnly() throws IOException {
        unpacking.merged(
                tarOf(symlink("d", outside), symlink("loop", "loop")),
                tarOf(file("d/passwd", "evil"), whiteout("d/sub"), opaque("d")));
        assertInvalid("more than 255 symlinks", tarOf(file("loop/x", "1")));
    }

    @Test
    void modesAndOwnersDoNotFollowSymlinks() throws IOException {
        // CVE-2021-32760: attributes applied through a symlink.
        unpacking.merged(tarOf(
                symlink("s", outside + "/passwd").mode(0777).owner(66, 66).time(5, 5),
                file("f", "x").mode(0600),
                symlink("f", outside + "/passwd"),
                hardlink("h", "s").mode(0777).owner(77, 77).time(6, 6),
                symlink("deep", outside + "/sub"),
                dir("deep").mode(0777).owner(55, 55)));
        assertThat(unpacking.listing().at("s").uid()).isEqualTo(66);
        assertThat(unpacking.listing().at("deep").uid()).isEqualTo(55);
    }

    @Test
    void hardLinksCannotNameFilesOutside() throws IOException {
        assertInvalid("neither earlier in this layer", tarOf(hardlink("h", outside + "/passwd")));
        assertInvalid("neither earlier in this layer", tarOf(hardlink("h", "../canary/passwd")));
        assertInvalid(
                "neither earlier in this layer",
                tarOf(symlink("s", outside), hardlink("h", "s/passwd"), file("h", "evil")));
        unpacking.merged(tarOf(symlink("p", outside + "/passwd"), hardlink("h2", "p"), file("h2", "evil")));
        assertThat(unpacking.listing().at("p").target()).isEqualTo(RawName.of(outside + "/passwd"));
    }

    @Test
    void whiteoutsRemoveNothingOutside() throws IOException {
        unpacking.merged(
                tarOf(symlink("s", outside), dir("d"), symlink("d/inner", outside)),
                tarOf(whiteout("s/passwd"), whiteout("../canary/passwd"), opaque("s"), opaque("..")),
                tarOf(symlink("s", outside)),
                tarOf(whiteout("s"), whiteout("d")));
        assertThat(unpacking.listing().paths()).isEmpty();
    }

    @Test
    void whiteoutsCannotNameTheirDirectoryOrItsParent() throws IOException {
        unpacking.merged(tarOf(dir("d"), file("d/f", "x")));
        for (String name : new String[] {".wh.", "d/.wh.", ".wh..", "d/.wh..", "d/.wh...", "../.wh..."}) {
            assertInvalid("whiteout of nothing", tarOf(file(name, "")));
        }
        assertInvalid("below a whiteout", tarOf(file("d/.wh.x/y", "")));
        assertThat(unpacking.listing().paths()).containsExactly("d", "d/f");
    }

    @Test
    void namesWithNulsAreRefused() {
        for (String key : new String[] {"path", "linkpath"}) {
            char type = key.equals("path") ? '0' : '2';
            assertThatThrownBy(() -> unpacking.merged(tarOf(
                            pax(key, "canary\0/../../x"), header("n", type).link("t"))))
                    .isInstanceOf(ImageException.class)
                    .satisfies(e -> assertThat(((ImageException) e).kind()).isEqualTo(ErrorKind.INVALID));
        }
    }

    @Test
    void removingATreeDoesNotFollowItsSymlinks() throws IOException {
        unpacking.merged(
                tarOf(dir("d"), symlink("d/out", outside), dir("d/e"), symlink("d/e/out", "../../../canary")),
                tarOf(file("d", "x")));
        assertThat(unpacking.listing().paths()).containsExactly("d");
    }

    @Test
    void aSwapByAnotherProcessIsRefusedByTheKernel() throws IOException {
        // Somebody replaces a directory we have worked in by a symlink to the outside, between two entries.
        Files.createDirectories(unpacking.target());
        byte[] first = tarOf(dir("d"), file("d/a", "1"), file("d/b", "2"), file("d/c", "3"));
        NativeFileCallsThatSwap calls =
                new NativeFileCallsThatSwap(unpacking.target().resolve("d"), outside);
        LayerUnpacker unpacker = new LayerUnpacker(calls);
        assertThatThrownBy(() -> unpacker.unpack(
                        Unpacking.blobOf(first),
                        Digest.sha256(first),
                        unpacking.target(),
                        ApplyOptions.merged("l"),
                        count -> {}))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("d/")
                .satisfies(e -> assertThat(((ImageException) e).kind()).isEqualTo(ErrorKind.PRECONDITION));
        assertThat(calls.swapped).isTrue();
    }

    /// The real calls, and an attacker who acts once, before the second file in the directory is made.
    private static final class NativeFileCallsThatSwap extends ForwardingFileCalls {
        private final Path directory;
        private final String outside;
        private boolean swapped;

        NativeFileCallsThatSwap(Path directory, String outside) {
            super(new NativeFileCalls());
            this.directory = directory;
            this.outside = outside;
        }

        @Override
        public int openat2(int at, byte[] path, int flags, int mode, long resolve) {
            if (RawName.of(path).equals(RawName.of("d/b")) && !swapped) {
                swapped = true;
                try {
                    Files.delete(directory.resolve("a"));
                    Files.delete(directory);
                    Files.createSymbolicLink(directory, Path.of(outside));
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }
            return super.openat2(at, path, flags, mode, resolve);
        }
    }

    private void assertInvalid(String words, byte[] tar) {
        assertThatThrownBy(() -> unpacking.merged(tar))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining(words)
                .satisfies(e -> assertThat(((ImageException) e).kind()).isEqualTo(ErrorKind.INVALID));
    }
}
