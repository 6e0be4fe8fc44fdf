package io.lighterage.remotesnapshotter.flat;

import io.lighterage.linux.Flags;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Replies, written into a buffer from its start; what is returned is that buffer with the whole reply
/// remaining. See [FuseFormat] for the bytes.
final class FuseReply {
    private static final int BLOCK = 4096;

    /// Nothing ever changes: ten years, far from where seconds would overflow.
    private static final long FOR_EVER = 315_360_000L;

    /// The digest of a layer with its generation is all there is.
    private static final int LONGEST_NAME = 255;

    private FuseReply() {}

    private static ByteBuffer begin(ByteBuffer target, int bytes) {
        target.clear().order(ByteOrder.nativeOrder());
        target.limit(FuseFormat.OUT_HEADER + bytes);
        for (int at = 0; at < target.limit(); at++) {
            target.put(at, (byte) 0);
        }
        return target;
    }

    private static ByteBuffer end(ByteBuffer reply, long unique, int error) {
        return reply.putInt(0, reply.limit()).putInt(4, -error).putLong(8, unique);
    }

    /// Done, or not.
    ///
    /// @param errno positive; 0 for success
    static ByteBuffer error(ByteBuffer target, long unique, int errno) {
        return end(begin(target, 0), unique, errno);
    }

    static ByteBuffer init(ByteBuffer target, long unique, FuseNegotiation agreed) {
        ByteBuffer reply = begin(target, FuseFormat.INIT_OUT);
        int body = FuseFormat.OUT_HEADER;
        reply.putInt(body, agreed.major());
        reply.putInt(body + 4, agreed.minor());
        reply.putInt(body + 8, agreed.maxReadAhead());
        reply.putInt(body + 12, agreed.flags() | (agreed.resends() ? FuseFormat.INIT_EXT : 0));
        reply.putShort(body + 16, (short) FuseNegotiation.BACKGROUND);
        reply.putShort(body + 18, (short) FuseNegotiation.CONGESTION);
        reply.putInt(body + 20, FuseNegotiation.MAX_WRITE);
        reply.putInt(body + 24, 1);
        reply.putShort(body + 28, (short) agreed.maxPages());
        reply.putInt(body + 32, agreed.resends() ? FuseFormat.HAS_RESEND : 0);
        return end(reply, unique, 0);
    }

    /// Asks for what was taken and not answered, by a process before this one. It has no reply.
    static ByteBuffer resend(ByteBuffer target) {
        ByteBuffer notice = begin(target, 0);
        return notice.putInt(0, FuseFormat.OUT_HEADER).putInt(4, FuseFormat.NOTIFY_RESEND);
    }

    /// A node that a name stands for.
    ///
    /// @param size bytes of the file; negative for the directory
    static ByteBuffer entry(ByteBuffer target, long unique, long node, long size) {
        ByteBuffer reply = begin(target, FuseFormat.ENTRY_OUT);
        int body = FuseFormat.OUT_HEADER;
        reply.putLong(body, node);
        reply.putLong(body + 16, FOR_EVER);
        reply.putLong(body + 24, FOR_EVER);
        attributes(reply, body + FuseFormat.ENTRY_ATTRIBUTES, node, size);
        return end(reply, unique, 0);
    }

    /// As [#entry], without a name.
    static ByteBuffer attributes(ByteBuffer target, long unique, long node, long size) {
        ByteBuffer reply = begin(target, FuseFormat.ATTR_OUT);
        int body = FuseFormat.OUT_HEADER;
        reply.putLong(body, FOR_EVER);
        attributes(reply, body + FuseFormat.ATTR_ATTRIBUTES, node, size);
        return end(reply, unique, 0);
    }

    private static void attributes(ByteBuffer reply, int at, long node, long size) {
        boolean directory = size < 0;
        reply.putLong(at, node);
        reply.putLong(at + 8, Math.max(0, size));
        reply.putLong(at + 16, Math.max(0, size) / 512);
        reply.putInt(at + 60, directory ? Flags.S_IFDIR | 0500 : Flags.S_IFREG | 0400);
        reply.putInt(at + 64, directory ? 2 : 1);
        reply.putInt(at + 80, BLOCK);
    }

    /// @param flags how the file is read, see [FuseFormat]
    static ByteBuffer open(ByteBuffer target, long unique, int flags) {
        ByteBuffer reply = begin(target, FuseFormat.OPEN_OUT);
        reply.putInt(FuseFormat.OUT_HEADER + 8, flags);
        return end(reply, unique, 0);
    }

    static ByteBuffer space(ByteBuffer target, long unique) {
        ByteBuffer reply = begin(target, FuseFormat.STATFS_OUT);
        int body = FuseFormat.OUT_HEADER;
        reply.putInt(body + 40, BLOCK);
        reply.putInt(body + 44, LONGEST_NAME);
        reply.putInt(body + 48, BLOCK);
        return end(reply, unique, 0);
    }

    /// Where the bytes of a read go: `count` bytes behind the header.
    static ByteBuffer room(ByteBuffer target, int count) {
        target.clear();
        return target.slice(FuseFormat.OUT_HEADER, count);
    }

    /// The bytes that were put into [#room].
    static ByteBuffer read(ByteBuffer target, long unique, int count) {
        target.clear().order(ByteOrder.nativeOrder());
        target.limit(FuseFormat.OUT_HEADER + count);
        return end(target, unique, 0);
    }
}
