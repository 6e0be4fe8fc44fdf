package io.lighterage.remotesnapshotter.flat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Requests as the kernel sends them.
final class Frames {
    private Frames() {}

    static ByteBuffer request(int opcode, long unique, long node, byte[] body) {
        int length = FuseFormat.IN_HEADER + body.length;
        return ByteBuffer.allocate(length)
                .order(ByteOrder.nativeOrder())
                .putInt(length)
                .putInt(opcode)
                .putLong(unique)
                .putLong(node)
                .putInt(1000)
                .putInt(1000)
                .putInt(4321)
                .putInt(0)
                .put(body)
                .flip();
    }

    static byte[] body(int bytes, java.util.function.Consumer<ByteBuffer> fill) {
        byte[] body = new byte[bytes];
        fill.accept(ByteBuffer.wrap(body).order(ByteOrder.nativeOrder()));
        return body;
    }

    static ByteBuffer init(int major, int minor, int flags) {
        byte[] body = body(64, b -> b.putInt(major).putInt(minor).putInt(131072).putInt(flags));
        return request(FuseFormat.INIT, 2, 0, body);
    }

    static ByteBuffer lookup(long unique, String name) {
        return request(FuseFormat.LOOKUP, unique, FuseFormat.ROOT, (name + "\0").getBytes(StandardCharsets.UTF_8));
    }

    static ByteBuffer read(long unique, long node, long offset, int length) {
        byte[] body = body(40, b -> b.putLong(0).putLong(offset).putInt(length));
        return request(FuseFormat.READ, unique, node, body);
    }

    static ByteBuffer interrupt(long unique, long target) {
        return request(FuseFormat.INTERRUPT, unique, 0, body(8, b -> b.putLong(target)));
    }
}
