package io.lighterage.stargz.compress;

import io.lighterage.linux.isal.IsalInflater;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;

/// ISA-L, where the machine has it.
final class IsalEngine implements GzipEngine {
    static final String NAME = "isal";

    private final IsalInflater inflater;

    IsalEngine(IsalInflater inflater) {
        this.inflater = inflater;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean inflate(ByteBuffer in, ByteBuffer out) throws DataFormatException {
        return inflater.inflate(in, out) == IsalInflater.Status.FINISHED;
    }

    @Override
    public void reset() {
        inflater.reset();
    }

    @Override
    public void close() {
        inflater.close();
    }
}
