package io.lighterage.app.demo;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// A slow line to a server of this machine: a TCP proxy on the loopback interface that carries no more bytes a second
/// than the line would, all connections together, and delivers each byte half a round trip after it was sent. A new
/// connection costs a round trip, as TCP's handshake does; slow start and losses are left out, so a real line of that
/// speed is rather slower.
final class SlowLink implements AutoCloseable {
    /// 2 ms of 50 Mbit/s: small enough for connections to take turns.
    private static final int PIECE = 12 << 10;

    /// What may be under way in one connection; more than any delay here needs, and no more than 12 MiB.
    private static final int MAX_PIECES = 1024;

    private final InetSocketAddress server;
    private final ServerSocketChannel listener;
    private final Line up;
    private final Line down;
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /// Bytes on their way; none at the end of the stream.
    private record Piece(long arrival, ByteBuffer bytes) {}

    private SlowLink(InetSocketAddress server, LinkSpeed speed, ServerSocketChannel listener) {
        this.server = server;
        this.listener = listener;
        this.up = new Line(speed, System::nanoTime);
        this.down = new Line(speed, System::nanoTime);
    }

    /// Opens the line.
    ///
    /// @param server where it leads
    static SlowLink to(InetSocketAddress server, LinkSpeed speed) {
        try {
            ServerSocketChannel listener = ServerSocketChannel.open();
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            SlowLink link = new SlowLink(server, speed, listener);
            link.threads.execute(link::accept);
            return link;
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.UNAVAILABLE, "cannot listen on the loopback interface for the slow line: " + e, e);
        }
    }

    /// Where its near end is, as in a reference.
    String hostPort() {
        return "127.0.0.1:" + listener.socket().getLocalPort();
    }

    /// Bytes that came through towards the clients, or are on their way.
    long received() {
        return down.carried();
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel client = listener.accept();
                open.add(client);
                threads.execute(() -> connect(client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void connect(SocketChannel client) {
        SocketChannel far = null;
        try {
            sleepUntil(System.nanoTime() + up.delay() + down.delay());
            far = SocketChannel.open(server);
            open.add(far);
            far.setOption(StandardSocketOptions.TCP_NODELAY, true);
            client.setOption(StandardSocketOptions.TCP_NODELAY, true);
            SocketChannel connected = far;
            threads.execute(() -> carry(connected, client, down));
            carry(client, far, up);
        } catch (IOException e) {
            hangUp(client);
            if (far != null) {
                hangUp(far);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// One direction of one connection. A connection that breaks on one side is closed on both.
    private void carry(SocketChannel from, SocketChannel to, Line line) {
        BlockingQueue<Piece> underWay = new ArrayBlockingQueue<>(MAX_PIECES);
        threads.execute(() -> deliver(underWay, from, to));
        try {
            while (true) {
                ByteBuffer bytes = ByteBuffer.allocate(PIECE);
                if (from.read(bytes) < 0) {
                    underWay.put(new Piece(line.send(0) + line.delay(), ByteBuffer.allocate(0)));
                    return;
                }
                bytes.flip();
                long taken = line.send(bytes.remaining());
                underWay.put(new Piece(taken + line.delay(), bytes));
                sleepUntil(taken);
            }
        } catch (IOException e) {
            hangUp(from);
            hangUp(to);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void deliver(BlockingQueue<Piece> underWay, SocketChannel from, SocketChannel to) {
        try {
            while (true) {
                Piece piece = underWay.take();
                sleepUntil(piece.arrival());
                if (!piece.bytes().hasRemaining()) {
                    to.shutdownOutput();
                    return;
                }
                while (piece.bytes().hasRemaining()) {
                    to.write(piece.bytes());
                }
            }
        } catch (IOException e) {
            hangUp(from);
            hangUp(to);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void sleepUntil(long nanos) throws InterruptedException {
        long left = nanos - System.nanoTime();
        if (left > 0) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
    }

    private void hangUp(SocketChannel channel) {
        open.remove(channel);
        try {
            channel.close();
        } catch (IOException e) {
            System.getLogger(SlowLink.class.getName()).log(System.Logger.Level.DEBUG, "closing a connection", e);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            System.getLogger(SlowLink.class.getName()).log(System.Logger.Level.DEBUG, "closing the line", e);
        }
        threads.shutdownNow();
        open.forEach(this::hangUp);
        threads.close();
    }
}
