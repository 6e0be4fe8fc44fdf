package io.lighterage.remotesnapshotter.mount;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Descriptors;
import io.lighterage.linux.Errno;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.Flags;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.remotesnapshotter.flat.ReadFailures;
import io.lighterage.remotesnapshotter.lazy.TreeContent;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// How a mount behaves that is used, broken and taken away.
@ParameterizedClass
@EnumSource(Mounting.class)
class MountedTreeTest {
    /// Touches a page in the middle of a mapping.
    private static final String MAPS = """
            import mmap, sys
            with open(sys.argv[1], 'rb') as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m:
                print(m[len(m) // 2])
            """;

    private final Mounting by;

    @TempDir
    Path scratch;

    private Path place;

    MountedTreeTest(Mounting by) {
        this.by = by;
    }

    @BeforeEach
    void begin() {
        by.assumeWorks();
        place = scratch.resolve("mount");
    }

    @AfterEach
    void end() throws IOException {
        Trees.clean(scratch);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void nothingCanBeChanged() throws Exception {
        try (MountedTree mounted = by.mount(Trees.of(tarOf(dir("d"), file("d/f", "x"))), place)) {
            FileCalls calls = new NativeFileCalls();
            int directory = Descriptors.openDirectory(calls, mounted.at());
            byte[] path = bytes("d/f");
            byte[] fresh = bytes("new");
            assertThat(List.of(
                            calls.openat2(directory, path, Flags.O_WRONLY, 0, 0),
                            calls.openat2(directory, fresh, Flags.O_WRONLY | Flags.O_CREAT, 0600, 0),
                            calls.mkdirat(directory, fresh, 0700),
                            calls.mknodat(directory, fresh, Flags.S_IFIFO | 0600, 0, 0),
                            calls.symlinkat(path, directory, fresh),
                            calls.linkat(directory, path, directory, fresh),
                            calls.renameat(directory, path, directory, fresh),
                            calls.unlinkat(directory, path, 0),
                            calls.fchownat(directory, path, 1, 1, 0),
                            calls.fchmodat(directory, path, 0600),
                            calls.utimensat(directory, path, 1, 0, 1, 0),
                            calls.setxattrat(directory, path, bytes("user.a"), path)))
                    .containsOnly(-Errno.EROFS);
            assertThat(calls.close(directory)).isZero();
            Unpacking.command("mount", "-i", "-o", "remount,rw", mounted.at().toString());
            assertThatThrownBy(() -> Files.writeString(mounted.at().resolve("d/f"), "y"))
                    .hasMessageContaining("Read-only");
            assertThatThrownBy(() -> Files.delete(mounted.at().resolve("d/f"))).hasMessageContaining("Read-only");
        }
    }

    @Test
    void theMountSaysWhatItIs() throws Exception {
        try (MountedTree mounted = by.mount(Trees.of(tarOf(file("f", "x".repeat(10_000)))), place)) {
            String line = Unpacking.command("findmnt", "-n", "-o", "SOURCE,FSTYPE,OPTIONS", place.toString());
            assertThat(line).contains("ro,");
            if (by == Mounting.TREE) {
                assertThat(line).contains("lighter ", "fuse.lighter", "allow_other", "default_permissions");
            } else {
                assertThat(line).contains("/lighter-", " erofs ");
            }
            assertThat(line).doesNotContain("nosuid").doesNotContain("nodev");
            String space = Unpacking.command("stat", "-f", "-c", "%s %b %f %l", place.toString());
            assertThat(space.trim()).matches(by == Mounting.TREE ? "4096 3 0 255" : "4096 \\d+ 0 255");
            assertThat(mounted.at()).isEqualTo(place);
        }
    }

    @Test
    void programsAndDevicesOfTheTreeWork() throws Exception {
        byte[] program = Files.readAllBytes(Path.of("/bin/true").toRealPath());
        byte[] tar = tarOf(
                file("true", program).mode(0755),
                symlink("s", "true"),
                io.lighterage.stargz.tar.Tars.charDevice("zero", 1, 5).mode(0666));
        try (MountedTree mounted = by.mount(Trees.of(tar), place)) {
            Unpacking.command(mounted.at().resolve("s").toString());
            assertThat(Unpacking.command(
                            "head", "-c", "3", mounted.at().resolve("zero").toString()))
                    .isEqualTo("\0\0\0");
        }
    }

    @Test
    void aReadThatCannotBeServedIsAnErrorAndOneLineInTheLog() throws Exception {
        ImageTree tree = Trees.of(content -> new Failing(), tarOf(dir("d"), file("d/f", "x"), file("empty", "")));
        List<String> lines = new CopyOnWriteArrayList<>();
        Logger logger = Logger.getLogger(ReadFailures.class.getName());
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                lines.add(line.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(handler);
        try (MountedTree mounted = by.mount(tree, place)) {
            assertThat(mounted.at().resolve("empty")).isEmptyFile();
            assertThatThrownBy(() -> Files.readAllBytes(mounted.at().resolve("d/f")))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Input/output error");
        } finally {
            logger.removeHandler(handler);
        }
        assertThat(lines).hasSize(1);
        assertThat(lines.getFirst()).contains("'d/f'", "layer sha256:", "the registry is on holiday", "UNAVAILABLE");
    }

    /// Nothing can be had.
    private static final class Failing implements TreeContent {
        @Override
        public boolean isHere(long flatOffset, long length) {
            return false;
        }

        @Override
        public void ensure(long flatOffset, long length) {
            throw new ImageException(ErrorKind.UNAVAILABLE, "the registry is on holiday");
        }

        @Override
        public int read(long flatOffset, ByteBuffer target) {
            throw new ImageException(ErrorKind.UNAVAILABLE, "the registry is on holiday");
        }
    }

    /// Comes when it is let.
    private static final class Stalled implements TreeContent {
        private final TreeContent content;
        private final AtomicInteger waiting = new AtomicInteger();
        private final Set<Long> places = ConcurrentHashMap.newKeySet();
        private final CountDownLatch go = new CountDownLatch(1);

        Stalled(TreeContent content) {
            this.content = content;
        }

        @Override
        public boolean isHere(long flatOffset, long length) {
            return go.getCount() == 0;
        }

        @Override
        public void ensure(long flatOffset, long length) {
            waiting.incrementAndGet();
            places.add(flatOffset);
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new ImageException(ErrorKind.CANCELLED, "interrupted", e);
            }
        }

        @Override
        public int read(long flatOffset, ByteBuffer target) {
            return content.read(flatOffset, target);
        }

        void awaitReaders(int count) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (waiting.get() < count && System.nanoTime() < end) {
                Thread.sleep(5);
            }
            assertThat(waiting.get()).as("readers that wait").isGreaterThanOrEqualTo(count);
        }

        /// Returns when somebody waits for each of the first files, all of one size.
        void awaitReadersOf(int files, int size) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (waitedFor(size).count() < files && System.nanoTime() < end) {
                Thread.sleep(5);
            }
            assertThat(waitedFor(size)).as("files waited for").hasSize(files);
        }

        private Stream<Long> waitedFor(int size) {
            return places.stream().map(offset -> offset / size).distinct();
        }
    }

    /// A file each: a buffered read, one that goes past the cache (which EROFS over files has not, so there it does
    /// not),
    /// and one through a mapping.
    @Test
    void aReaderOfAStalledRegistryDiesWhenItIsKilled() throws Exception {
        assumeTrue(Unpacking.hasCommand("python3"), "needs python3");
        int size = 256 << 10; // whole pages, so that a flat offset tells whose it is
        String content = "x".repeat(size);
        Stalled[] stalled = new Stalled[1];
        ImageTree tree = Trees.of(
                bytes -> stalled[0] = new Stalled(bytes),
                tarOf(file("a", content), file("b", content), file("c", content)));
        try (MountedTree mounted = by.mount(tree, place)) {
            String at = mounted.at() + "/";
            String flag = by == Mounting.TREE ? "iflag=direct" : "iflag=fullblock";
            List<Process> readers = List.of(
                    new ProcessBuilder("cat", at + "a").start(),
                    new ProcessBuilder("dd", "if=" + at + "b", flag).start(),
                    new ProcessBuilder("python3", "-c", MAPS, at + "c").start());
            stalled[0].awaitReadersOf(readers.size(), size);
            for (Process process : readers) {
                process.destroyForcibly();
                assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("dead").isTrue();
                assertThat(process.exitValue()).as("by SIGKILL").isEqualTo(128 + 9);
            }
            stalled[0].go.countDown();
            for (String name : List.of("a", "b", "c")) {
                assertThat(mounted.at().resolve(name)).hasContent(content);
            }
        }
    }

    @Test
    void aReaderThatWaitsGetsAnErrorWhenItIsUnmounted() throws Exception {
        Stalled[] stalled = new Stalled[1];
        ImageTree tree = Trees.of(content -> stalled[0] = new Stalled(content), tarOf(file("f", "x")));
        MountedTree mounted = by.mount(tree, place);
        Process reader = new ProcessBuilder("cat", mounted.at().resolve("f").toString())
                .redirectErrorStream(true)
                .start();
        stalled[0].awaitReaders(1);
        mounted.close();
        assertThat(Trees.isMounted(place)).isFalse();
        assertThat(reader.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(new String(reader.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("Input/output error");
        mounted.awaitUnmounted();
    }

    @Test
    void aTreeCanBeLookedAtWhileManyReadsWait() throws Exception {
        Stalled[] stalled = new Stalled[1];
        var items = new io.lighterage.stargz.tar.Tars.Item[60];
        for (int i = 0; i < items.length; i++) {
            items[i] = file("f" + i, "content " + i);
        }
        ImageTree tree = Trees.of(content -> stalled[0] = new Stalled(content), tarOf(items));
        try (MountedTree mounted = by.mount(tree, place)) {
            var readers = java.util.concurrent.Executors.newFixedThreadPool(items.length);
            var results = new CopyOnWriteArrayList<java.util.concurrent.Future<String>>();
            for (int i = 0; i < items.length; i++) {
                Path file = mounted.at().resolve("f" + i);
                results.add(readers.submit(() -> Files.readString(file)));
            }
            stalled[0].awaitReaders(40);
            try (var list = Files.list(mounted.at())) {
                assertThat(list).hasSize(items.length);
            }
            stalled[0].go.countDown();
            for (int i = 0; i < items.length; i++) {
                assertThat(results.get(i).get(60, TimeUnit.SECONDS)).isEqualTo("content " + i);
            }
            readers.shutdown();
        }
    }

    @Test
    void closingUnmountsAndLeavesNothingBehind() throws Exception {
        MountedTree mounted = by.mount(Trees.of(tarOf(file("f", "x"))), place);
        assertThat(Trees.isMounted(place)).isTrue();
        mounted.close();
        assertThat(Trees.isMounted(place)).isFalse();
        assertThat(place).isEmptyDirectory();
        mounted.awaitUnmounted();
        mounted.close();
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("lighter-fuse"));
    }

    @Test
    void unmountingFromOutsideEndsTheServer() throws Exception {
        try (MountedTree mounted = by.mount(Trees.of(tarOf(file("f", "x"))), place)) {
            Unpacking.command("umount", place.toString());
            mounted.awaitUnmounted();
        }
    }

    @Test
    void aMountInUseIsDetached() throws Exception {
        Stalled[] stalled = new Stalled[1];
        ImageTree tree = Trees.of(content -> stalled[0] = new Stalled(content), tarOf(file("f", "x")));
        MountedTree mounted = by.mount(tree, place);
        try (InputStream open = Files.newInputStream(mounted.at().resolve("f"))) {
            mounted.close();
            assertThat(Trees.isMounted(place)).isFalse();
            assertThat(place).isEmptyDirectory();
            assertThatThrownBy(open::read).hasMessageContaining("Input/output error");
        }
        mounted.awaitUnmounted();
    }

    @Test
    void severalTreesAreServedAtOnce() throws Exception {
        ImageTree tree = Trees.of(tarOf(file("f", "x")));
        try (MountedTree one = by.mount(tree, scratch.resolve("one"));
                MountedTree two = by.mount(tree, scratch.resolve("two"))) {
            assertThat(one.at().resolve("f")).hasContent("x");
            one.close();
            assertThat(two.at().resolve("f")).hasContent("x");
        }
    }
}
