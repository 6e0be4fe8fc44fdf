package io.lighterage.stargz.tar;

import static io.lighterage.stargz.tar.TarFormat.BLOCK;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;

/// Writes a tar stream that every reader understands: ustar, with a PAX header before those entries that need one.
///
/// The same entries give the same bytes, always: records are sorted, extended headers carry no time, process or owner.
/// Names are written as they are; a directory's should end with a slash. Owned by one thread.
public final class TarWriter {
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(2 * BLOCK).asReadOnlyBuffer();

    private final WritableByteChannel out;
    private final TarEncoder encoder = new TarEncoder();
    private long position;
    private long left;
    private int padding;

    /// @param out must be blocking; stays the caller's to close
    public TarWriter(WritableByteChannel out) {
        this.out = out;
    }

    /// @param out stays the caller's to close
    public TarWriter(OutputStream out) {
        this(Channels.newChannel(out));
    }

    /// Bytes written so far.
    public long position() {
        return position;
    }

    /// Writes the header of an entry whose payload, [TarEntry#size] bytes for a regular file and none for others,
    /// must follow through [#write] before the next entry.
    ///
    /// @throws ImageException PRECONDITION when the payload of the entry before is incomplete; INVALID when tar
    ///     cannot hold the entry (device numbers above 2^21, an attribute name with `=`, more than 1 MiB of
    ///     attributes, a sparse map, which must be filled first)
    public void begin(TarEntry entry) throws IOException {
        requireComplete();
        emit(encoder.header(entry));
        left = entry.type() == TarEntry.Type.REGULAR ? entry.size() : 0;
        padding = TarPayload.padding(left);
        pad();
    }

    /// Writes all remaining bytes of `payload`.
    ///
    /// @throws ImageException PRECONDITION when they are more than the entry's size
    public void write(ByteBuffer payload) throws IOException {
        if (payload.remaining() > left) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "writing a tar entry: " + payload.remaining() + " bytes given; expected at most " + left
                            + " more. The file grew, or its entry has a wrong size");
        }
        left -= payload.remaining();
        emit(payload);
        pad();
    }

    /// Writes an entry with all of its payload.
    public void add(TarEntry entry, ByteBuffer payload) throws IOException {
        begin(entry);
        write(payload);
        requireComplete();
    }

    /// Writes the two zero blocks that end an archive. Some layer formats go without them.
    ///
    /// @throws ImageException PRECONDITION when the payload of the last entry is incomplete
    public void finish() throws IOException {
        requireComplete();
        emit(ZEROS.duplicate());
    }

    private void requireComplete() {
        if (left > 0) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "writing a tar entry: its payload is incomplete; expected " + left
                            + " bytes more. The file shrank, or its entry has a wrong size");
        }
    }

    private void pad() throws IOException {
        if (left == 0 && padding > 0) {
            emit(ZEROS.duplicate().limit(padding));
            padding = 0;
        }
    }

    private void emit(ByteBuffer bytes) throws IOException {
        position += bytes.remaining();
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }
}
