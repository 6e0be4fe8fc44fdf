package io.lighterage.stargz.format;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import java.nio.ByteBuffer;

/// Zstd frames (RFC 8878), each with its content's size and no checksum: the index has a digest for every one.
final class ZstdEncoder implements MemberEncoder {
    /// zstd's own default.
    static final int LEVEL = 3;

    private final ZstdCompressCtx context =
            new ZstdCompressCtx().setLevel(LEVEL).setContentSize(true).setChecksum(false);

    @Override
    public int bound(int length) {
        return Math.toIntExact(Zstd.compressBound(length));
    }

    @Override
    public void encode(ByteBuffer raw, ByteBuffer out) {
        int count = context.compressDirectByteBuffer(
                out, out.position(), out.remaining(), raw, raw.position(), raw.remaining());
        raw.position(raw.limit());
        out.position(out.position() + count);
    }

    @Override
    public void close() {
        context.close();
    }
}
