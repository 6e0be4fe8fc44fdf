package io.lighterage.stargz.compress;

import io.lighterage.contentstore.Blob;
import io.lighterage.linux.NativeBuffers;
import io.lighterage.stargz.ByteSource;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The uncompressed bytes of a layer blob, in order, in constant memory.
///
/// The blob may still be growing: a read waits where the blob's own read does. Buffers are direct and are handed out
/// again and again; the ring of them keeps a piece valid for as many further calls of [#next] as [Settings] says.
/// One thread must open, read and close it; the two counters any thread may read.
public final class Decompression implements ByteSource {
    /// Size of each buffer in bytes: it fits in the second-level cache with the window, and a blob is read in
    /// requests worth their overhead.
    public static final int BUFFER_BYTES = 256 << 10;

    private final Settings settings;
    private final long compressedSize;
    private final long allowance;
    private final NativeBuffers memory;
    private final BlobInput input;
    private final ByteBuffer[] ring;
    private final Compression compression;
    private final Decoder decoder;
    private int turn;
    private boolean ended;
    private volatile long consumed;
    private volatile long produced;

    /// How to decompress.
    ///
    /// @param what names the blob in failures, such as `layer sha256:…`
    /// @param limits how much may come out
    /// @param engine makes the inflater of gzip layers
    /// @param buffers length of the ring, at least 1: a piece stays as it is for `buffers - 1` further calls
    public record Settings(String what, DecompressionLimits limits, Supplier<GzipEngine> engine, int buffers) {
        public Settings {
            if (buffers < 1) {
                throw new IllegalArgumentException("a ring of " + buffers + " buffers; expected at least 1");
            }
        }

        /// The usual settings for the blob that failures call `what`.
        public static Settings of(String what) {
            return new Settings(what, DecompressionLimits.DEFAULT, GzipEngines::preferred, 1);
        }
    }

    private Decompression(Blob blob, Settings settings) {
        this.settings = settings;
        compressedSize = blob.size();
        allowance = settings.limits().allowance(compressedSize);
        memory = new NativeBuffers();
        try {
            ring = new ByteBuffer[settings.buffers()];
            for (int i = 0; i < ring.length; i++) {
                ring[i] = allocate();
            }
            input = new BlobInput(blob, settings.what(), allocate());
            input.ensure(Compression.SNIFF_BYTES);
            compression = Compression.sniff(input.buffer());
            decoder = switch (compression) {
                case GZIP ->
                    new GzipDecoder(input, settings.what(), settings.engine().get());
                case ZSTD -> new ZstdDecoder(input, settings.what());
                case NONE -> new Decoder.Plain(input);
            };
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    private ByteBuffer allocate() {
        return memory.allocate(BUFFER_BYTES);
    }

    /// Opens a blob with the usual [Settings].
    public static Decompression open(Blob compressed) {
        return open(compressed, Settings.of("the layer"));
    }

    /// Opens a blob, waiting for its first bytes, which say how it is compressed. The blob stays the caller's and
    /// must stay open as long as this.
    ///
    /// @throws io.lighterage.contentstore.ImageException UNSUPPORTED for compressions that layers do not have; what
    ///     the blob throws
    public static Decompression open(Blob compressed, Settings settings) {
        return new Decompression(compressed, settings);
    }

    /// How the blob is compressed.
    public Compression compression() {
        return compression;
    }

    /// Compressed bytes used so far.
    public long compressedBytes() {
        return consumed;
    }

    /// Uncompressed bytes handed out so far.
    public long uncompressedBytes() {
        return produced;
    }

    /// @throws io.lighterage.contentstore.ImageException CORRUPT when the compressed data are broken, cut or followed
    ///     by something else, naming the offset; INVALID for a decompression bomb; UNSUPPORTED for a zstd window
    ///     above 128 MiB; what the blob throws
    @Override
    public @Nullable ByteBuffer next() {
        if (ended) {
            return null;
        }
        ByteBuffer out = ring[turn].clear();
        turn = (turn + 1) % ring.length;
        ended = !decoder.fill(out);
        out.flip();
        long total = produced + out.remaining();
        produced = total;
        consumed = input.consumed();
        if (total > allowance) {
            throw settings.limits().exceeded(settings.what(), compressedSize, total);
        }
        return out.hasRemaining() ? out : null;
    }

    /// Gives the memory back; pieces handed out must not be touched any more.
    @Override
    public void close() {
        if (memory.isOpen()) {
            ended = true;
            decoder.close();
            memory.close();
        }
    }
}
