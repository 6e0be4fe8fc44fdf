package io.lighterage.stargz.compress;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;

/// Zstd frames one after another, skippable ones included (RFC 8878).
final class ZstdDecoder implements Decoder {
    /// 2^27 = 128 MiB, what the zstd tool itself accepts without being asked; a window is memory we must give.
    static final int MAX_WINDOW_LOG = 27;

    private final BlobInput input;
    private final String what;
    private final ZstdDecompressCtx context = new ZstdDecompressCtx().setLongMax(MAX_WINDOW_LOG);
    private boolean betweenFrames;
    private boolean mayHoldOutput;

    ZstdDecoder(BlobInput input, String what) {
        this.input = input;
        this.what = what;
    }

    @Override
    public boolean fill(ByteBuffer out) {
        while (out.hasRemaining()) {
            if (!mayHoldOutput && !input.ensure()) {
                if (betweenFrames) {
                    return false;
                }
                throw failure(ErrorKind.CORRUPT, "the blob ends inside a frame; expected more bytes");
            }
            decode(out);
        }
        return true;
    }

    private void decode(ByteBuffer out) {
        ByteBuffer in = input.buffer();
        try {
            betweenFrames = context.decompressDirectByteBufferStream(out, in);
        } catch (ZstdException e) {
            // the binding gives the code negated, as libzstd's functions return it
            if (Math.abs(e.getErrorCode()) == Zstd.errFrameParameterWindowTooLarge()) {
                throw failure(
                        ErrorKind.UNSUPPORTED,
                        "a frame needs a window of more than " + (1 << (MAX_WINDOW_LOG - 20))
                                + " MiB, the limit; compress the layer without a longer one");
            }
            throw failure(ErrorKind.CORRUPT, "the compressed data are broken: " + e.getMessage());
        }
        mayHoldOutput = !betweenFrames && !out.hasRemaining();
    }

    private ImageException failure(ErrorKind kind, String happened) {
        return new ImageException(
                kind, "decompressing " + what + " (zstd): at compressed offset " + input.consumed() + " " + happened);
    }

    @Override
    public void close() {
        context.close();
    }
}
