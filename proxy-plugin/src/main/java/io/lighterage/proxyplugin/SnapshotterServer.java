package io.lighterage.proxyplugin;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// Serves a snapshotter to containerd on a unix socket that only its owner can open. Each call runs on a virtual
/// thread.
public final class SnapshotterServer implements AutoCloseable {
    /// What containerd's clients send and take.
    private static final int MOST_MESSAGE_BYTES = 16 << 20;

    /// Calls are transactions of milliseconds; one that takes longer walks a tree or waits for a layer.
    private static final int PATIENCE_SECONDS = 10;

    private final SocketFile socket;
    private final Server server;
    private final EventLoopGroup loop;
    private final ExecutorService threads;

    private SnapshotterServer(SocketFile socket, Server server, EventLoopGroup loop, ExecutorService threads) {
        this.socket = socket;
        this.server = server;
        this.loop = loop;
        this.threads = threads;
    }

    /// Begins to serve. The socket of a dead server is replaced.
    ///
    /// @param address path of the socket
    /// @param snapshotter not closed with the server
    /// @throws ImageException ALREADY_EXISTS when a living server, or a file that is no socket, is there
    public static SnapshotterServer start(Path address, Snapshotter snapshotter) {
        return start(address, snapshotter, Optional.empty());
    }

    /// The same with an image service beside the snapshots.
    ///
    /// @param images not closed with the server, which ends the calls to it
    public static SnapshotterServer start(Path address, Snapshotter snapshotter, Optional<ImageServiceProxy> images) {
        SocketFile socket = SocketFile.at(address);
        // One thread moves the bytes of one client, containerd, which has one connection.
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        ExecutorService threads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("call-", 0).factory());
        NettyServerBuilder builder = NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket.bindAddress()))
                .channelType(NioServerDomainSocketChannel.class)
                .bossEventLoopGroup(loop)
                .workerEventLoopGroup(loop)
                .executor(threads)
                .maxInboundMessageSize(MOST_MESSAGE_BYTES)
                .addService(new SnapshotsService(snapshotter));
        images.ifPresent(builder::fallbackHandlerRegistry);
        SnapshotterServer started = new SnapshotterServer(socket, builder.build(), loop, threads);
        try {
            Server listening = started.server.start();
            assert !listening.isShutdown();
            socket.publish();
            return started;
        } catch (IOException e) {
            started.close();
            throw new ImageException(
                    ErrorKind.DENIED, "cannot listen on " + address + ": " + e + "; choose another --address", e);
        } catch (RuntimeException e) {
            started.close();
            throw e;
        }
    }

    /// Returns when the server has been closed.
    public void awaitClosed() throws InterruptedException {
        server.awaitTermination();
    }

    /// Takes no new calls, gives those under way the time to end, and removes the socket.
    @Override
    public void close() {
        server.shutdown();
        try {
            if (!server.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                server.shutdownNow();
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
        threads.shutdown();
        loop.shutdownGracefully(0, PATIENCE_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
        socket.close();
    }
}
