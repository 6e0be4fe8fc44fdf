package io.lighterage.stargz.format;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;
import java.util.List;

/// Zstd frames one after another. A frame that is one whole chunk, as nearly all are, goes straight into its target;
/// others are streamed.
final class ZstdRanges implements RangeEngine {
    /// 2^27 = 128 MiB, what the zstd tool itself accepts without being asked; a window is memory we must give.
    private static final int MAX_WINDOW_LOG = 27;

    private static final int PIECE_BYTES = 64 << 10;

    private final String what;
    private final ZstdDecompressCtx context = new ZstdDecompressCtx();
    private ByteBuffer in = ByteBuffer.allocateDirect(0);
    private ByteBuffer copy = in;
    private ByteBuffer piece = in;
    private boolean whole;
    private boolean mayHoldOutput;

    ZstdRanges(String what) {
        this.what = what;
    }

    @Override
    public void begin(ByteBuffer compressed, List<ChunkDecoder.Part> parts) {
        in = direct(compressed);
        context.reset();
        context.setLongMax(MAX_WINDOW_LOG);
        mayHoldOutput = false;
        whole = parts.size() == 1
                && parts.getFirst().innerOffset() == 0
                && isWhole(parts.getFirst().target());
    }

    /// The library wants direct memory.
    private ByteBuffer direct(ByteBuffer bytes) {
        if (bytes.isDirect()) {
            return bytes;
        }
        if (copy.capacity() < bytes.remaining()) {
            copy = ByteBuffer.allocateDirect(bytes.remaining());
        }
        return copy.clear().put(bytes).flip();
    }

    private boolean isWhole(ByteBuffer target) {
        return target.isDirect()
                && in.hasRemaining()
                && Zstd.getDirectByteBufferFrameContentSize(in, in.position(), in.remaining()) == target.remaining();
    }

    @Override
    public void fill(ByteBuffer target) {
        try {
            if (whole) {
                fillWhole(target);
            } else if (target.isDirect()) {
                stream(target);
            } else {
                copyThrough(target);
            }
        } catch (ZstdException e) {
            throw RangeEngine.corrupt(what, "a zstd frame is broken: " + e.getMessage());
        }
    }

    private void fillWhole(ByteBuffer target) {
        long length = Zstd.findDirectByteBufferFrameCompressedSize(in, in.position(), in.remaining());
        if (Zstd.isError(length) || length > in.remaining()) {
            throw RangeEngine.corrupt(what, "a zstd frame is broken or cut");
        }
        int count = context.decompressDirectByteBuffer(
                target, target.position(), target.remaining(), in, in.position(), (int) length);
        in.position(in.position() + (int) length);
        target.position(target.position() + count);
    }

    private void stream(ByteBuffer target) {
        while (target.hasRemaining() && (in.hasRemaining() || mayHoldOutput)) {
            int left = in.remaining() + target.remaining();
            boolean ended = context.decompressDirectByteBufferStream(target, in);
            mayHoldOutput = !ended && !target.hasRemaining();
            if (!ended && in.remaining() + target.remaining() == left) {
                return;
            }
        }
    }

    private void copyThrough(ByteBuffer target) {
        if (piece.capacity() == 0) {
            piece = ByteBuffer.allocateDirect(PIECE_BYTES);
        }
        while (target.hasRemaining()) {
            piece.clear().limit(Math.min(PIECE_BYTES, target.remaining()));
            stream(piece);
            if (piece.position() == 0) {
                return;
            }
            target.put(piece.flip());
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
