package io.lighterage.stargz.index;

import java.nio.ByteBuffer;
import java.util.Objects;

/// The prioritized chunks of an index, in the order in which they are to be fetched.
public final class IndexPriorities {
    private final ByteBuffer bytes;
    private final int place;
    private final int count;

    /// @param bytes the whole index
    /// @param place where the records begin
    IndexPriorities(ByteBuffer bytes, int place, int count) {
        this.bytes = bytes;
        this.place = place;
        this.count = count;
    }

    public int count() {
        return count;
    }

    /// The chunk's number.
    ///
    /// @param position 0 to `count() - 1`
    public int chunk(int position) {
        return bytes.getInt(at(position));
    }

    /// The chunk's turn among the prioritized chunks of all layers of the image; never less than that of the one
    /// before.
    public int rank(int position) {
        return bytes.getInt(at(position) + IndexFormat.PRIORITY_RANK);
    }

    private int at(int position) {
        return place + Objects.checkIndex(position, count) * IndexFormat.PRIORITY;
    }
}
