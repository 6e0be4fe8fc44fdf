package io.lighterage.remotesnapshotter.mount;

import io.lighterage.remotesnapshotter.lazy.TreeContent;
import java.nio.ByteBuffer;

/// A flat file in memory, all of it here.
record MemoryContent(ByteBuffer flat) implements TreeContent {
    static MemoryContent of(byte[] flat) {
        return new MemoryContent(ByteBuffer.wrap(flat));
    }

    @Override
    public boolean isHere(long flatOffset, long length) {
        return true;
    }

    @Override
    public void ensure(long flatOffset, long length) {}

    @Override
    public int read(long flatOffset, ByteBuffer target) {
        int count = (int) Math.min(target.remaining(), flat.capacity() - flatOffset);
        target.put(target.position(), flat, (int) flatOffset, count);
        target.position(target.position() + count);
        return count;
    }
}
