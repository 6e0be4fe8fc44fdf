package io.lighterage.remotesnapshotter.mount;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.remotesnapshotter.lazy.TreeContent;
import io.lighterage.stargz.index.IndexedTar;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What only mounts over flat files have: a server that they share, and the kernel doing the rest.
@Timeout(120)
class ErofsTreeMounterTest {
    @TempDir
    Path scratch;

    private Path images;
    private ErofsTreeMounter mounter;

    @BeforeEach
    void begin() {
        Mounting.EROFS.assumeWorks();
        images = scratch.resolve("images");
        mounter = new ErofsTreeMounter(images);
    }

    @AfterEach
    void end() throws IOException {
        Trees.clean(scratch);
    }

    private MountedTree mount(ImageTree tree, String name) throws IOException {
        Path place = Files.createDirectories(scratch.resolve(name));
        return mounter.mount(tree, place, MountOptions.USUAL);
    }

    private static List<String> flatThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("lighter-flat"))
                .toList();
    }

    /// What this process and the kernel hold: descriptors, mounts, loop devices, threads of the server.
    private static List<String> held() throws IOException {
        List<String> all = new ArrayList<>(flatThreads());
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            all.add(open.count() + " descriptors");
        }
        try (Stream<String> mounts = Files.lines(Path.of("/proc/self/mounts"))) {
            all.add(mounts.count() + " mounts");
        }
        try (Stream<Path> devices = Files.list(Path.of("/sys/block"))) {
            all.add(devices.filter(device -> Files.exists(device.resolve("loop")))
                            .count() + " loop devices");
        }
        return all;
    }

    @Test
    void nothingIsLeftOfMountsThatAreGone() throws Exception {
        ImageTree tree = Trees.of(tarOf(dir("d"), file("d/f", "x".repeat(10_000))), tarOf(file("g", "y")));
        round(tree); // what is loaded once, such as classes
        List<String> before = held();
        assertThat(before).noneMatch(line -> line.startsWith("lighter-flat"));
        round(tree);
        List<String> after = held();
        for (int i = 0; i < 600 && !after.equals(before); i++) {
            Thread.sleep(50);
            after = held();
        }
        assertThat(after).isEqualTo(before);
        assertThat(images).isEmptyDirectory();
    }

    private void round(ImageTree tree) throws Exception {
        try (MountedTree one = mount(tree, "one");
                MountedTree two = mount(tree, "two")) {
            assertThat(one.way()).isEqualTo("EROFS");
            assertThat(flatThreads()).as("one server for both").hasSize(4);
            assertThat(images).as("an image has no name once it is mounted").isEmptyDirectory();
            assertThat(one.at().resolve("g")).hasContent("y");
            one.close();
            assertThat(two.at().resolve("d/f")).hasSize(10_000);
            Unpacking.command("umount", two.at().toString());
            two.awaitUnmounted();
        }
        for (int i = 0; i < 600 && !flatThreads().isEmpty(); i++) {
            Thread.sleep(50);
        }
        assertThat(flatThreads()).isEmpty();
    }

    @Test
    void aLayerThatIsWholeIsReadWithoutUs() throws Exception {
        IndexedTar layer = IndexedTar.of(file("f", "text"));
        Path flat = Files.write(scratch.resolve("flat"), layer.flat());
        TreeContent whole = new Whole(flat);
        try (MountedTree mounted = mount(new ImageTree(List.of(new TreeLayer(layer.index(), whole))), "m")) {
            assertThat(mounted.at().resolve("f")).hasContent("text");
            assertThat(flatThreads()).isEmpty();
        }
        mounterOfNothing();
    }

    /// What a start reads of a program is noted in pieces of the read-ahead, so it must be what was asked for; and a
    /// piece is one question, not one a page.
    @Test
    void theKernelAsksForAsMuchAheadAsItWasTold() throws Exception {
        IndexedTar layer = IndexedTar.of(file("a", "x".repeat(1 << 20)), file("b", "y".repeat(1 << 20)));
        Asked content = new Asked(Files.write(scratch.resolve("flat"), layer.flat()));
        try (MountedTree mounted = mount(new ImageTree(List.of(new TreeLayer(layer.index(), content))), "m")) {
            readByThePage(mounted.at().resolve("a"), 'x');
            assertThat(content.longest()).isEqualTo(32 << 10);
            assertThat(content.lengths.size()).isLessThan(64);
            mounted.readAhead(256 << 10);
            readByThePage(mounted.at().resolve("b"), 'y');
            assertThat(content.longest()).isEqualTo(256 << 10);
        }
    }

    /// Who asks for much at once is given more at once, whatever the read-ahead.
    private static void readByThePage(Path file, char letter) throws IOException {
        byte[] page = new byte[4096];
        byte[] expected = new byte[4096];
        Arrays.fill(expected, (byte) letter);
        try (InputStream in = Files.newInputStream(file)) {
            for (int i = 0; i < 256; i++) {
                assertThat(in.read(page)).isEqualTo(4096);
                assertThat(page).isEqualTo(expected);
            }
            assertThat(in.read(page)).isEqualTo(-1);
        }
    }

    /// A layer that seems not to be here, and notes what it is asked for.
    private static final class Asked implements TreeContent {
        private final Whole whole;
        private final List<Long> lengths = Collections.synchronizedList(new ArrayList<>());

        private Asked(Path flat) {
            this.whole = new Whole(flat);
        }

        private long longest() {
            return Collections.max(List.copyOf(lengths));
        }

        @Override
        public boolean isHere(long flatOffset, long length) {
            return false;
        }

        @Override
        public void ensure(long flatOffset, long length) {
            lengths.add(length);
        }

        @Override
        public int read(long flatOffset, ByteBuffer target) {
            try (FileChannel file = FileChannel.open(whole.flat())) {
                return file.read(target, flatOffset);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean isFetched() {
            return false;
        }

        @Override
        public Optional<Path> whole() {
            return Optional.empty();
        }
    }

    /// A layer whose bytes are on disk and never asked of us.
    private record Whole(Path flat) implements TreeContent {
        @Override
        public boolean isHere(long flatOffset, long length) {
            throw new AssertionError("asked");
        }

        @Override
        public void ensure(long flatOffset, long length) {
            throw new AssertionError("asked");
        }

        @Override
        public int read(long flatOffset, ByteBuffer target) {
            throw new AssertionError("asked");
        }

        @Override
        public Optional<Path> whole() {
            return Optional.of(flat);
        }
    }

    private void mounterOfNothing() throws Exception {
        try (MountedTree empty = mount(Trees.of(tarOf(dir("d"), file("d/empty", ""))), "empty")) {
            assertThat(empty.at().resolve("d/empty")).isEmptyFile();
            Unpacking.command("umount", empty.at().toString());
            empty.awaitUnmounted();
            assertThat(empty.served()).isFalse();
        }
    }

    @Test
    void usersOfADetachedMountAreServedUntilTheyLetGo() throws Exception {
        ImageTree tree = Trees.of(tarOf(file("f", "x".repeat(300_000))));
        MountedTree mounted = mount(tree, "m");
        AtomicInteger ends = new AtomicInteger();
        try (InputStream open = Files.newInputStream(mounted.at().resolve("f"))) {
            mounted.release(ends::incrementAndGet);
            assertThat(Trees.isMounted(mounted.at())).isFalse();
            assertThat(mounted.served()).isTrue();
            assertThat(open.readAllBytes()).hasSize(300_000);
            assertThat(ends).hasValue(0);
        }
        mounted.awaitUnmounted();
        for (int i = 0; i < 600 && ends.get() == 0; i++) {
            Thread.sleep(50);
        }
        assertThat(ends).hasValue(1);
    }

    /// Fails after a while, as a registry does that does not answer.
    private static final class Slow implements TreeContent {
        private final AtomicInteger waits = new AtomicInteger();

        @Override
        public boolean isHere(long flatOffset, long length) {
            return false;
        }

        @Override
        public void ensure(long flatOffset, long length) {
            waits.incrementAndGet();
            try {
                Thread.sleep(1500);
            } catch (InterruptedException e) {
                throw new ImageException(ErrorKind.CANCELLED, "interrupted", e);
            }
            throw new ImageException(ErrorKind.UNAVAILABLE, "no answer in time");
        }

        @Override
        public int read(long flatOffset, ByteBuffer target) {
            throw new AssertionError("nothing is here");
        }
    }

    /// The kernel tries it again page by page; each attempt would wait as long.
    @Test
    void aReadThatNobodyAnswersWaitsOnceOnly() throws Exception {
        Slow slow = new Slow();
        try (MountedTree mounted = mount(Trees.of(content -> slow, tarOf(file("f", "x"))), "m")) {
            assertThatThrownBy(() -> Files.readAllBytes(mounted.at().resolve("f")))
                    .hasMessageContaining("Input/output error");
            assertThat(slow.waits).hasValue(1);
        }
    }

    @Test
    void otherUsersReadWhatTheImageLetsThem() throws Exception {
        assertThat(scratch.toFile().setExecutable(true, false)).isTrue();
        byte[] tar =
                tarOf(file("open", "for all").mode(0644), file("shut", "secret").mode(0600));
        ImageTree tree = Trees.of(content -> new Unfetched(content), tar);
        try (MountedTree mounted = mount(tree, "m")) {
            String run = "setpriv --reuid 65534 --regid 65534 --clear-groups ";
            assertThat(Unpacking.command("sh", "-c", run + "cat " + mounted.at() + "/open"))
                    .isEqualTo("for all");
            Process shut = new ProcessBuilder("sh", "-c", run + "cat " + mounted.at() + "/shut").start();
            assertThat(shut.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(shut.exitValue()).isNotZero();
        }
    }

    /// Not here before it is read.
    private record Unfetched(TreeContent content) implements TreeContent {
        @Override
        public boolean isHere(long flatOffset, long length) {
            return false;
        }

        @Override
        public void ensure(long flatOffset, long length) {}

        @Override
        public int read(long flatOffset, ByteBuffer target) {
            return content.read(flatOffset, target);
        }
    }
}
