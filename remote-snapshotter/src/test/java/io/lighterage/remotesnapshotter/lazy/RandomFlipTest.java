package io.lighterage.remotesnapshotter.lazy;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

/// Bits flipped anywhere, in the blob, in the cached contents, in the marks and in the index: the right bytes
/// come, or a failure; never others.
@Timeout(1200)
class RandomFlipTest {
    private static final int FLIPS = Boolean.getBoolean("lighterage.full") ? 25_000 : 10_000;

    private final long seed = Long.getLong("lighterage.seed", new Random().nextLong());
    private final Random random = new Random(seed);
    private TestLayer layer;

    @TempDir(factory = InMemory.class)
    Path directory;

    /// A hundred thousand times opened is as often synced, which on a disk takes half an hour.
    static final class InMemory implements TempDirFactory {
        private static final Path MEMORY = Path.of("/dev/shm");

        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext extension)
                throws IOException {
            return Files.isWritable(MEMORY)
                    ? Files.createTempDirectory(MEMORY, "flips-")
                    : Files.createTempDirectory("flips-");
        }
    }

    @BeforeEach
    void make() {
        layer = TestLayer.random(seed, 12, 9_000, 4096);
    }

    @Test
    void flipsInTheCachedContentsAreRepaired() throws IOException {
        fill();
        for (int i = 0; i < FLIPS; i++) {
            flip(directory.resolve("flat"));
            assertAllServed(new TestBlob(layer.blob()), i);
        }
    }

    @Test
    void flipsInTheMarksCostNoMoreThanAFetch() throws IOException {
        fill();
        for (int i = 0; i < FLIPS; i++) {
            flip(directory.resolve("present"));
            assertAllServed(new TestBlob(layer.blob()), i);
        }
    }

    @Test
    void flipsInTheIndexAreFoundWhenItIsOpened() throws IOException {
        Path file = directory.resolve("index");
        byte[] image = index();
        for (int i = 0; i < FLIPS; i++) {
            Files.write(file, image);
            flip(file);
            ErrorKind kind = null;
            try {
                LayerIndex opened = LayerIndex.open(file);
                assertThat(opened).as("%s opened", at(i)).isNull();
            } catch (ImageException e) {
                kind = e.kind();
            }
            assertThat(kind).as(at(i)).isIn(ErrorKind.CORRUPT, ErrorKind.UNSUPPORTED);
        }
    }

    @Test
    void flipsInTheBlobAreRefusedAndSpoilNothingElse() throws IOException {
        for (int i = 0; i < FLIPS; i++) {
            Files.deleteIfExists(directory.resolve("present"));
            TestBlob blob = new TestBlob(layer.blob());
            int at = random.nextInt((int) blob.size());
            blob.flip(at);
            try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
                int hit = chunkFilledFrom(at);
                int from = hit < 0 ? layer.flatSize() : (int) layer.index().chunkFlatOffset(hit);
                int to = hit < 0 ? layer.flatSize() : from + layer.index().chunkLength(hit);
                assertServed(flat, 0, from, i);
                assertServed(flat, to, layer.flatSize(), i);
                try {
                    assertServed(flat, from, to, i);
                } catch (ImageException e) {
                    assertThat(e.kind()).as(at(i)).isEqualTo(ErrorKind.CORRUPT);
                }
            }
        }
    }

    /// The chunk whose range of the blob holds the byte, or -1: behind the last there are bytes of no chunk.
    private int chunkFilledFrom(long at) {
        LayerIndex index = layer.index();
        for (int chunk = 0; chunk < index.chunkCount(); chunk++) {
            if (index.chunkBlobOffset(chunk) <= at && at < index.chunkBlobEnd(chunk)) {
                return chunk;
            }
        }
        return -1;
    }

    private void assertServed(OpenedFlat flat, int from, int to, int flip) {
        assertThat(TestLayer.read(flat.file(), from, to - from))
                .as("%s, bytes %d to %d", at(flip), from, to)
                .isEqualTo(layer.flat(from, to - from));
    }

    /// What a failure says; with this option the same bits are flipped again.
    private String at(int flip) {
        return "-Dlighterage.seed=" + seed + ", flip " + flip;
    }

    private byte[] index() {
        byte[] bytes = new byte[layer.image().remaining()];
        layer.image().get(bytes);
        return bytes;
    }

    private void fill() {
        try (OpenedFlat flat = new OpenedFlat(layer, new TestBlob(layer.blob()), directory)) {
            flat.file().ensure(0, layer.flatSize());
        }
    }

    private void assertAllServed(TestBlob blob, int flip) {
        try (OpenedFlat flat = new OpenedFlat(layer, blob, directory)) {
            byte[] all = TestLayer.read(flat.file(), 0, layer.flatSize());
            byte[] expected = layer.flat(0, layer.flatSize());
            for (int at = 0; at < all.length; at++) {
                if (layer.isContent(at) && all[at] != expected[at]) {
                    throw new AssertionError(at(flip) + ": wrong byte at " + at);
                }
            }
        }
    }

    private void flip(Path file) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            long at = (long) (random.nextDouble() * opened.length());
            opened.seek(at);
            int old = opened.read();
            opened.seek(at);
            opened.write(old ^ 1 << random.nextInt(8));
        }
    }
}
