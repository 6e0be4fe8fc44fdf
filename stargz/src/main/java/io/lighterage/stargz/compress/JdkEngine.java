package io.lighterage.stargz.compress;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// The zlib inside the JDK: always there.
final class JdkEngine implements GzipEngine {
    static final String NAME = "jdk";

    private enum At {
        HEADER,
        BODY,
        TRAILER
    }

    private final Inflater inflater = new Inflater(true);
    private final GzipFrame frame = new GzipFrame();
    private final CRC32 crc = new CRC32();
    private At at = At.HEADER;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean inflate(ByteBuffer in, ByteBuffer out) throws DataFormatException {
        if (at == At.HEADER && frame.readHeader(in)) {
            at = At.BODY;
        }
        if (at == At.BODY && inflateBody(in, out)) {
            at = At.TRAILER;
            frame.enterTrailer();
        }
        return at == At.TRAILER && frame.readTrailer(in, crc, inflater.getBytesWritten());
    }

    private boolean inflateBody(ByteBuffer in, ByteBuffer out) throws DataFormatException {
        int from = out.position();
        int limit = out.limit();
        inflater.setInput(in);
        inflater.inflate(out);
        if (inflater.needsDictionary()) {
            throw new DataFormatException("a preset dictionary is asked for");
        }
        crc.update(out.flip().position(from));
        out.limit(limit);
        return inflater.finished();
    }

    @Override
    public void reset() {
        inflater.reset();
        frame.reset();
        crc.reset();
        at = At.HEADER;
    }

    @Override
    public void close() {
        inflater.end();
    }
}
