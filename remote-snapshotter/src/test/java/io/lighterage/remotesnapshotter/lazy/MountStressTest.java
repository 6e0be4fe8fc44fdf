package io.lighterage.remotesnapshotter.lazy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.KernelFacts;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.remotesnapshotter.mount.ErofsTreeMounter;
import io.lighterage.remotesnapshotter.mount.ImageTree;
import io.lighterage.remotesnapshotter.mount.MountOptions;
import io.lighterage.remotesnapshotter.mount.MountedTree;
import io.lighterage.remotesnapshotter.mount.TreeLayer;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Processes read and map a layer over EROFS while it fills and some fetches fail: never a wrong byte.
@Timeout(600)
class MountStressTest {
    private static final int PROCESSES = 8;
    private static final int READS = Boolean.getBoolean("lighterage.full") ? 2000 : 120;
    private static final int FILES = 40;

    /// Reads random ranges and compares them with copies. A failed fetch is an error of read(2), which is tried
    /// again, or a SIGBUS in a mapping, which is what the child is for. Prints how many of both there were.
    private static final String READER = """
            import errno, mmap, os, random, sys
            mounted, copies, seed, reads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
            rnd = random.Random(seed)
            names = sorted(n for n in os.listdir(copies) if os.path.getsize(os.path.join(copies, n)))
            failed = 0
            def wrong(how, name, at, length):
                print('wrong', how, name, at, length, 'seed', seed, flush=True)
                os._exit(3)
            for i in range(reads):
                name = rnd.choice(names)
                with open(os.path.join(copies, name), 'rb') as copy:
                    expected = copy.read()
                at = rnd.randrange(len(expected))
                length = 1 + rnd.randrange(len(expected) - at)
                if rnd.random() < 0.5:
                    while True:
                        fd = os.open(os.path.join(mounted, name), os.O_RDONLY)
                        try:
                            got = os.pread(fd, length, at)
                            if got != expected[at:at + len(got)] or not got:
                                wrong('read', name, at, length)
                            break
                        except OSError as e:
                            if e.errno != errno.EIO:
                                raise
                            failed += 1
                        finally:
                            os.close(fd)
                else:
                    while True:
                        child = os.fork()
                        if child == 0:
                            fd = os.open(os.path.join(mounted, name), os.O_RDONLY)
                            with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as m:
                                if m[at:at + length] != expected[at:at + length]:
                                    wrong('map', name, at, length)
                            os._exit(0)
                        status = os.waitpid(child, 0)[1]
                        if status == 0:
                            break
                        if os.WIFEXITED(status):
                            sys.exit(4)
                        failed += 1
            print('right', reads, failed)
            """;

    private final long seed = new Random().nextLong(1L << 40);

    @TempDir
    Path scratch;

    @Test
    void noByteIsWrongWhileALayerFillsAndFetchesFail() throws Exception {
        Unpacking.assumeRoot();
        assumeTrue(KernelFacts.read().erofs() != KernelFacts.Support.ABSENT, "needs a kernel with EROFS");
        assumeTrue(Unpacking.hasCommand("python3"), "needs python3");
        TestLayer layer = TestLayer.random(seed, FILES, 400_000, 20_000);
        Random random = new Random(seed);
        AtomicInteger failures = new AtomicInteger();
        TestBlob blob = new TestBlob(layer.blob()).before(request -> {
            boolean fails;
            synchronized (random) {
                fails = random.nextInt(4) == 0;
            }
            if (fails) {
                failures.incrementAndGet();
                throw new ImageException(ErrorKind.UNAVAILABLE, "the line is bad");
            }
        });
        Path copies = copies(layer);
        Path place = Files.createDirectories(scratch.resolve("mount"));
        Files.createDirectories(scratch.resolve("layer"));
        try (OpenedFlat flat = new OpenedFlat(layer, blob, scratch.resolve("layer"), Duration.ofSeconds(30));
                MountedTree mounted = new ErofsTreeMounter(scratch.resolve("images"))
                        .mount(
                                new ImageTree(List.of(new TreeLayer(layer.index(), flat.file()))),
                                place,
                                MountOptions.USUAL)) {
            read(mounted.at(), copies);
            assertThat(flat.file().bytesHere()).as("seed %d", seed).isPositive();
        }
        assertThat(failures).as("seed %d", seed).hasPositiveValue();
    }

    private void read(Path mounted, Path copies) throws Exception {
        Path script = Files.writeString(scratch.resolve("reader.py"), READER);
        List<Process> readers = new ArrayList<>();
        for (int i = 0; i < PROCESSES; i++) {
            readers.add(new ProcessBuilder(
                            "python3",
                            script.toString(),
                            mounted.toString(),
                            copies.toString(),
                            Long.toString(seed + i),
                            Integer.toString(READS))
                    .redirectErrorStream(true)
                    .start());
        }
        for (Process reader : readers) {
            String said = new String(reader.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            assertThat(reader.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(said).as("seed %d", seed).startsWith("right " + READS + " ");
            assertThat(reader.exitValue()).isZero();
        }
    }

    private Path copies(TestLayer layer) throws IOException {
        Path copies = Files.createDirectories(scratch.resolve("copies"));
        LayerIndex index = layer.index();
        for (int i = 0; i < FILES; i++) {
            int inode = index.lookup(LayerIndex.ROOT, RawName.of("f" + i));
            int size = (int) index.size(inode);
            Files.write(copies.resolve("f" + i), size == 0 ? new byte[0] : layer.flat(index.flatOffset(inode), size));
        }
        return copies;
    }
}
